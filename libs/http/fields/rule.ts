import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';

import type { FieldError } from '#kernel';

import { CheckedBy, coded, OBJECT_RULES, Satisfies, type Violation } from './checks.js';

/** A class whose instances are read from JSON or query parameters, or written to JSON. */
export type DtoClass<T extends object = object> = new () => T;

/** An item of a list that breaks a rule, where each item is answered separately. Pointers begin at the body. */
export class InvalidItem {
  constructor(readonly errors: readonly FieldError[]) {}
}

/** Options of every field decorator. */
export interface FieldOptions<T = unknown> {
  /** What the field means, with its unit, for the reader of the API's documentation. */
  readonly description: string;
  /** A realistic value that passes the rule. */
  readonly example?: T;
  /** May be left out. In answers: may be absent. */
  readonly optional?: boolean;
  /** May be `null`. */
  readonly nullable?: boolean;
  /** The value when the field is left out. */
  readonly default?: T;
}

/** How a field's value is read, checked and documented. */
export interface FieldRule {
  readonly optional: boolean;
  readonly nullable: boolean;
  readonly default: unknown;
  readonly schema: ApiPropertyOptions;
  /** Normalizes a value before it is checked and kept. */
  readonly normalize?: (value: unknown) => unknown;
  /** Decorators of class-validator, in the order in which they run: the first that refuses gives the error. */
  readonly checks: readonly PropertyDecorator[];
  /** The value of a query parameter's text; the text itself when it has none. */
  readonly fromText?: (text: string) => unknown;
  /** The class of a nested object, or of a list's items. */
  readonly nested?: () => DtoClass;
  /** How many items a list may have. The items of a longer or shorter one are not read. */
  readonly count?: { readonly min: number; readonly max: number };
  /** An item that breaks a rule becomes an {@link InvalidItem}, and the list stays valid. */
  readonly isLenient?: boolean;
  /** The rule of a list's items that are not objects. */
  readonly items?: ItemRule;
}

/** The rule of a list's items, with a class whose only field `value` has that rule: an item is checked as an instance of it. */
export interface ItemRule extends FieldRule {
  readonly type: DtoClass<{ value: unknown }>;
}

const FIELDS = Symbol('stowage:fields');
const HAS_OBJECT_RULES = Symbol('stowage:object-rules');
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

const isSent = (value: unknown): boolean => value !== undefined;

/** Registers a field: for the reader, with class-validator, and in the OpenAPI document. */
export function field(rule: FieldRule): PropertyDecorator {
  const { optional, nullable, checks, schema } = rule;
  const isChecked = (_instance: object, value: unknown): boolean =>
    !(optional && value === undefined) && !(nullable && value === null);
  const register: PropertyDecorator = (target, key) => {
    const fields = new Map(fieldsOf(target.constructor as DtoClass));
    Reflect.defineMetadata(FIELDS, fields.set(String(key), rule), target);
  };
  return applyDecorators(
    register,
    // On every field: class-validator would otherwise apply the condition of a base class to a field that is declared again.
    ValidateIf(isChecked),
    ...(optional ? [] : [Satisfies('isSent', isSent, coded('required', 'is required'))]),
    ...checks,
    ApiProperty({
      ...schema,
      ...(nullable ? { nullable } : {}),
      ...(rule.default === undefined ? {} : { default: rule.default }),
      required: !optional && rule.default === undefined,
    } as ApiPropertyOptions),
  );
}

/** The rule of a list's items that are not objects. */
export function itemRule(rule: FieldRule): ItemRule {
  class ItemDto {
    value: unknown;
  }
  field(rule)(ItemDto.prototype, 'value');
  return { ...rule, type: ItemDto };
}

/** Names the class of the whole resource that a class edits: fields that only the whole has are refused as `not-editable`. */
export function EditOf(whole: () => DtoClass): (type: DtoClass) => void {
  return (type) => {
    Reflect.defineMetadata(WHOLE, whole, type);
  };
}

/** Whether a class edits a resource that has such a field, which cannot be edited. */
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

/**
 * Adds a rule over several fields to a class, as a check of class-validator. It runs only when every field is valid.
 *
 * @param check returns what is wrong, and with which field (the object itself when left out)
 */
export function ObjectRule<T extends object>(check: (value: T) => Violation | undefined): (type: DtoClass<T>) => void {
  return (type) => {
    Reflect.defineMetadata(HAS_OBJECT_RULES, true, type);
    // A name of its own: class-validator lets a derived class replace the rules of a field with the same name.
    const name = `rule of ${type.name}`;
    CheckedBy<undefined, T>(name, (_, object) => check(object), [OBJECT_RULES])(type.prototype as object, name);
  };
}

/** Whether a class, or its base class, has rules over several fields. */
export function hasObjectRules(type: DtoClass): boolean {
  return Reflect.hasMetadata(HAS_OBJECT_RULES, type);
}
