import { type DtoClass, fieldsOf, isOpenObject } from './rule.js';

/**
 * What `present` takes for a DTO: every required field of it, under the same name. A source may have more, lists may be
 * read-only, and an optional field may be `undefined`.
 */
export type Presentable<T> = T extends readonly (infer Item)[]
  ? readonly Presentable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Presentable<T[Key]> | (object extends Pick<T, Key> ? undefined : never) }
    : T;

interface PresentedField {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  readonly nested: (() => DtoClass) | undefined;
}

type Plain = Record<string, unknown>;

/** The declared fields of each class, collected at its first use: a list of a hundred items reads no metadata. */
const compiled = new WeakMap<DtoClass, readonly PresentedField[]>();

function compile(type: DtoClass): readonly PresentedField[] {
  const fields = [...fieldsOf(type)].map(([name, rule]) => ({
    name,
    isRequired: !rule.optional && rule.default === undefined,
    isNullable: rule.nullable,
    nested: rule.nested === undefined || isOpenObject(rule.nested()) ? undefined : rule.nested,
  }));
  if (fields.length === 0) throw new TypeError(`${type.name} has no field decorators: nothing of it can be presented`);
  compiled.set(type, fields);
  return fields;
}

/**
 * Picks the declared fields of a DTO class from a source, through nested classes and lists. What the class does not
 * declare never leaves the service.
 *
 * @throws TypeError when a required field is missing, or is null where the class does not allow it
 */
export function present<T extends object>(type: DtoClass<T>, source: Presentable<NoInfer<T>>): T {
  return pick(type, source as Plain) as T;
}

function pick(type: DtoClass, source: Plain): object {
  const presented: Plain = {};
  for (const { name, isRequired, isNullable, nested } of compiled.get(type) ?? compile(type)) {
    const value = source[name];
    if (value === undefined) {
      if (isRequired) throw new TypeError(`${type.name}.${name} is required, and missing in the source`);
    } else if (value === null) {
      if (!isNullable) throw new TypeError(`${type.name}.${name} is null in the source, and not nullable`);
      presented[name] = value;
    } else {
      presented[name] = nested === undefined ? value : pickNested(nested(), value);
    }
  }
  return presented;
}

function pickNested(type: DtoClass, value: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => pick(type, item as Plain)) : pick(type, value as Plain);
}
