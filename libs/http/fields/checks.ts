import {
  getMetadataStorage,
  useContainer,
  ValidateBy,
  validateSync,
  type ValidationArguments,
  type ValidationOptions,
  ValidationTypes,
  type ValidatorConstraintInterface,
  type ValidatorOptions,
} from 'class-validator';

/** What is wrong with a value: a stable code in kebab-case, and what is expected, as a sentence without its subject. */
export interface Violation {
  readonly code: string;
  readonly message: string;
  /** The field of the object, or the entry of the map, that is wrong. */
  readonly field?: string;
}

/** A check whose code and message depend on the value. */
type Check<Value, Owner> = (value: Value, owner: Owner) => Violation | undefined;

/** What travels in the `context` of a class-validator decorator. */
interface Context {
  readonly code?: string;
  readonly explain?: Check<unknown, object>;
}

/** Keeps what a function made of an object. */
function memoized<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
}

/**
 * Lets class-validator look up its decorators once for each class. As it comes, it goes through those of all classes and a list
 * of all constraints ever used, for each instance: 18 microseconds a deployment instead of 10 (docs/decisions/validation.md).
 */
function speedUpLookups(): void {
  useContainer({ get: memoized((type: new () => unknown) => new type()) as (type: unknown) => never });
  const storage = getMetadataStorage();
  const find = storage.getTargetValidationMetadatas.bind(storage);
  const ofFields = memoized((type: object) => find(type as () => unknown, '', false, true));
  const ofObjects = memoized((type: object) => find(type as () => unknown, '', false, false, [OBJECT_RULES]));
  storage.getTargetValidationMetadatas = (type, _schema, _always, _strictGroups, groups) =>
    groups === undefined ? ofFields(type) : ofObjects(type);
  storage.groupByPropertyName = memoized(storage.groupByPropertyName.bind(storage));
}

/** The options of a class-validator decorator: the code and the message of its refusal. */
export function coded(code: string, message: string): ValidationOptions {
  return { message, context: { code } satisfies Context };
}

/** A constraint of our own. Its name is unique among those of a field: class-validator merges the contexts of equal names. */
export function Satisfies(
  name: string,
  isSatisfied: (value: never) => boolean,
  options: ValidationOptions,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: (value: unknown) => isSatisfied(value as never) } }, options);
}

/** A constraint of our own that words its refusal by the value. */
export function CheckedBy<Value, Owner extends object>(
  name: string,
  check: Check<Value, Owner>,
  groups: string[] = [],
): PropertyDecorator {
  const violationIn = (args?: ValidationArguments): Violation | undefined =>
    check(args?.value as Value, args?.object as Owner);
  return ValidateBy(
    {
      name,
      validator: {
        validate: (_value, args) => violationIn(args) === undefined,
        defaultMessage: (args) => violationIn(args)?.message ?? name,
      },
    },
    { groups, context: { explain: check as Check<unknown, object> } satisfies Context },
  );
}

/** The group of the rules over several fields. */
export const OBJECT_RULES = 'object';

const COMMON: ValidatorOptions = {
  stopAtFirstError: true,
  // The reader refuses undeclared fields, and a class without rules accepts `{}`.
  forbidUnknownValues: false,
  validationError: { target: false, value: false },
};
const OPTIONS = {
  fields: { ...COMMON, strictGroups: true },
  object: { ...COMMON, groups: [OBJECT_RULES] },
};

speedUpLookups();

/** A field with the conditions under which class-validator checks it, and its constraints. */
interface CheckedField {
  readonly property: string;
  readonly conditions: readonly ((instance: object, value: unknown) => boolean)[];
  readonly constraints: readonly { readonly validator: ValidatorConstraintInterface; readonly options: unknown[] }[];
}

/** The checked fields of a class; undefined where it has metadata of a kind that {@link passes} leaves to class-validator. */
function checkedFieldsOf(type: object, groups?: string[]): readonly CheckedField[] | undefined {
  const storage = getMetadataStorage();
  const metadata = storage.getTargetValidationMetadatas(type as () => unknown, '', false, true, groups);
  const constraintsOf = (cls: () => unknown) => storage.getTargetValidatorConstraints(cls);
  const isSimple = metadata.every(
    ({ type: kind, each, validateIf, constraintCls }) =>
      (kind === ValidationTypes.CONDITIONAL_VALIDATION || kind === ValidationTypes.CUSTOM_VALIDATION) &&
      !each &&
      validateIf === undefined &&
      constraintsOf(constraintCls as () => unknown).every(({ async }) => !async),
  );
  if (!isSimple) return undefined;
  return Object.entries(storage.groupByPropertyName(metadata)).map(([property, ofField]) => ({
    property,
    conditions: ofField
      .filter(({ type: kind }) => kind === ValidationTypes.CONDITIONAL_VALIDATION)
      .map(({ constraints: [isChecked] }) => isChecked as CheckedField['conditions'][number]),
    constraints: ofField.flatMap(({ constraintCls, constraints: options }) =>
      constraintsOf(constraintCls as () => unknown).map(({ instance: validator }) => ({ validator, options })),
    ),
  }));
}

const checkedFields = {
  fields: memoized((type: object) => checkedFieldsOf(type)),
  object: memoized((type: object) => checkedFieldsOf(type, [OBJECT_RULES])),
};

/**
 * Whether every constraint of class-validator accepts an instance, which is the usual case. `validateSync` calls the same constraints, and
 * prepares a report of each field: 9 microseconds a deployment instead of 2 (docs/decisions/validation.md).
 */
function passes(object: object, rules: 'fields' | 'object'): boolean {
  const { constructor: type } = object;
  const isAccepted = ({ property, conditions, constraints }: CheckedField): boolean => {
    const value = (object as Readonly<Record<string, unknown>>)[property];
    if (!conditions.every((isChecked) => isChecked(object, value))) return true;
    return constraints.every(({ validator, options }) => {
      const args = { targetName: type.name, property, object, value, constraints: options };
      return validator.validate(value, args) === true;
    });
  };
  return checkedFields[rules](type)?.every(isAccepted) ?? false;
}

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/**
 * Checks one instance with class-validator, without the instances in its fields.
 *
 * @param rules those of its fields, or those about several of them
 * @returns at most one violation for each field, with the path to it
 */
export function violationsIn(
  instance: object,
  rules: 'fields' | 'object',
): readonly (Violation & { readonly path: readonly string[] })[] {
  if (passes(instance, rules)) return [];
  return validateSync(instance, OPTIONS[rules]).map(({ property, constraints = {}, contexts = {} }) => {
    const [name = '', message = ''] = Object.entries(constraints)[0] ?? [];
    const { code = kebab(name), explain } = (contexts[name] ?? {}) as Context;
    const value = (instance as Readonly<Record<string, unknown>>)[property];
    const violation = explain?.(value, instance) ?? { code, message: message.replace(`${property} `, '') };
    const whole = rules === 'object' ? [] : [property];
    return { ...violation, path: violation.field === undefined ? whole : [...whole, violation.field] };
  });
}
