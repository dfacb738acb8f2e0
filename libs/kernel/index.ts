export { Clock } from './clock.js';
export { DomainError, type DomainErrorKind, type ErrorFacts, type FieldError } from './domain-error.js';
export { isId, newId } from './ids.js';
export {
  MAX_CAPACITY,
  MAX_REQUEST,
  type Resource,
  type ResourceAmounts,
  RESOURCES,
  ResourceVector,
} from './resource-vector.js';
export { isAtLeast, lowerRole, type Role, ROLES } from './role.js';
export { isSameShape, type ShapeKey, shapeOf, shapeText } from './shape.js';
export {
  AmbiguousJson,
  JSON_LIMITS,
  MalformedJson,
  parseStrictJson,
  parseStrictJsonInSteps,
  pointerTo,
} from './formats/strict-json.js';
export { isTimestamp } from './formats/timestamps.js';
