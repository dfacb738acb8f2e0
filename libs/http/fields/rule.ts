import { ApiExtension, ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';

import type { FieldError } from '#kernel';

/** What is wrong with a value: a stable code in kebab-case, and what is expected, as a sentence without its subject. */
export interface Violation {
  readonly code: string;
  readonly message: string;
  /** In a map: the entry that it is about. */
  readonly key?: string;
}

/** A class whose instances are read from JSON or query parameters, or written to JSON. */
export type DtoClass<T extends object = object> = new () => T;

/** An item of a list that broke a rule, where each item is answered for itself. Pointers begin at the body. */
export class InvalidItem {
  constructor(readonly errors: readonly FieldError[]) {}
}

/** What every field decorator takes. */
export interface FieldOptions<T = unknown> {
  /** What the field means, with its unit, for the reader of the API's documentation. */
  readonly description: string;
  /** A real value, which passes the rule. */
  readonly example?: T;
  /** May be left out. In answers: may be absent. */
  readonly optional?: boolean;
  /** May be `null`. */
  readonly nullable?: boolean;
  /** Taken when the field is left out. */
  readonly default?: T;
}

/** How a field's value is read, checked and documented. */
export interface FieldRule {
  readonly optional: boolean;
  readonly nullable: boolean;
  readonly default: unknown;
  readonly schema: ApiPropertyOptions;
  /** Brings a value into the form in which it is checked and kept, before the check. */
  readonly normalize?: (value: unknown) => unknown;
  /** @returns what is wrong, or undefined. Never called with `undefined`, nor with `null` where that is allowed */
  readonly check: (value: unknown) => Violation | undefined;
  /** The value that a query parameter's text stands for; the text itself when it stands for none. */
  readonly fromText?: (text: string) => unknown;
  /** The class of a nested object, or of an array's items. */
  readonly nested?: () => DtoClass;
  /** Items that break a rule do not make the list wrong: each becomes an {@link InvalidItem}. */
  readonly isLenient?: boolean;
  /** The rule of an array's or map's items that are no objects. */
  readonly items?: FieldRule;
}

const FIELDS = Symbol('stowage:fields');
const OBJECT_RULES = Symbol('stowage:object-rules');
const WHOLE = Symbol('stowage:whole');

/** Marks the schema of a class whose instances may carry more than it declares. */
export const OPEN_EXTENSION = 'x-stowage-open';
const OPEN = Symbol('stowage:open');

/** Rules by field, with those of the base class. */
export function fieldsOf(type: DtoClass): ReadonlyMap<string, FieldRule> {
  const prototype: unknown = type.prototype;
  const fields: unknown = Reflect.getMetadata(FIELDS, prototype as object);
  return fields instanceof Map ? (fields as ReadonlyMap<string, FieldRule>) : new Map();
}

/** Registers the rule of a field for reading and for the OpenAPI document. */
export function field(rule: FieldRule): PropertyDecorator {
  return (target, key) => {
    const name = String(key);
    const fields = new Map(fieldsOf(target.constructor as DtoClass));
    fields.set(name, rule);
    Reflect.defineMetadata(FIELDS, fields, target);
    ApiProperty({
      ...rule.schema,
      ...(rule.nullable ? { nullable: true } : {}),
      ...(rule.default === undefined ? {} : { default: rule.default }),
      required: !rule.optional && rule.default === undefined,
    } as ApiPropertyOptions)(target, key);
  };
}

/** Applies a rule to a value that may be absent. */
export function violationIn(rule: FieldRule, value: unknown): Violation | undefined {
  if (value === undefined) {
    return rule.optional ? undefined : { code: 'required', message: 'is required' };
  }
  if (value === null && rule.nullable) {
    return undefined;
  }
  return rule.check(value);
}

/** Says of a class that edits something what the whole of it is: fields that only that has are refused as ones that cannot be changed. */
export function EditOf(whole: () => DtoClass): (type: DtoClass) => void {
  return (type) => {
    Reflect.defineMetadata(WHOLE, whole, type);
  };
}

/** Whether a class edits something that has such a field. */
export function isFixedField(type: DtoClass, name: string): boolean {
  const whole = Reflect.getMetadata(WHOLE, type) as (() => DtoClass) | undefined;
  return whole !== undefined && fieldsOf(whole()).has(name);
}

/** Allows instances of a class to carry more than it declares: such objects are presented whole. */
export function OpenObject(): ClassDecorator {
  return (type) => {
    Reflect.defineMetadata(OPEN, true, type);
    ApiExtension(OPEN_EXTENSION, true)(type);
  };
}

/** Whether instances of a class may carry more than it declares. */
export function isOpenObject(type: DtoClass): boolean {
  return Reflect.getMetadata(OPEN, type) === true;
}

/** A rule about several fields of an object: what is wrong, and with which field (the object itself when left out). */
export type ObjectCheck<T> = (value: T) => (Violation & { readonly field?: string }) | undefined;

/** Adds a rule about several fields to a class. It is asked only when every field is valid in itself. */
export function ObjectRule<T extends object>(check: ObjectCheck<T>): (type: DtoClass<T>) => void {
  return (type) => {
    Reflect.defineMetadata(OBJECT_RULES, [...objectRulesOf(type), check], type);
  };
}

export function objectRulesOf(type: DtoClass): readonly ObjectCheck<never>[] {
  const rules: unknown = Reflect.getMetadata(OBJECT_RULES, type);
  return Array.isArray(rules) ? (rules as ObjectCheck<never>[]) : [];
}
