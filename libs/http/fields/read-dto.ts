import { getMetadataStorage, validateSync, type ValidatorOptions } from 'class-validator';

import { type FieldError, pointerTo } from '#kernel';

import { MAX_FIELD_ERRORS } from '../problems/problem.js';
import {
  type DtoClass,
  fieldsOf,
  type FieldRule,
  InvalidItem,
  isFixedField,
  objectRulesOf,
  type Violation,
  violationIn,
} from './rule.js';

/** Where values come from: JSON has types, query parameters are texts. */
export type Source = 'json' | 'query';

const otherRules = new WeakMap<DtoClass, boolean>();

/** Whether a class has decorators of class-validator beside ours: it is asked only then. */
function hasOtherRules(type: DtoClass): boolean {
  const known = otherRules.get(type);
  if (known !== undefined) {
    return known;
  }
  const has = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0;
  otherRules.set(type, has);
  return has;
}

const OPTIONS: ValidatorOptions = {
  stopAtFirstError: true,
  // What a class declares is compared with what came before the rules are asked.
  forbidUnknownValues: false,
  validationError: { target: false, value: false },
};

/** The most errors of one item among many: ten thousand wrong ones must still make an answer. */
const MAX_ITEM_ERRORS = 5;

type Path = readonly (string | number)[];

/** Reads one value of a class, collecting at most `MAX_FIELD_ERRORS` errors. */
class DtoReader {
  readonly errors: FieldError[] = [];

  constructor(
    private readonly source: Source,
    private readonly limit = MAX_FIELD_ERRORS,
  ) {}

  object(type: DtoClass, plain: unknown, path: Path): object {
    const instance = Object.create(type.prototype as object) as Record<string, unknown>;
    if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
      this.add(path, { code: 'type', message: 'must be an object' });
      return instance;
    }
    const before = this.errors.length;
    const values = plain as Readonly<Record<string, unknown>>;
    const fields = fieldsOf(type);
    for (const name of Object.keys(values)) {
      if (!fields.has(name)) {
        this.add([...path, name], this.unknown(type, name));
      }
    }
    for (const [name, rule] of fields) {
      if (Object.hasOwn(values, name)) {
        instance[name] = this.value(rule, values[name], [...path, name]);
      } else if (rule.default !== undefined) {
        instance[name] = rule.default;
      }
    }
    this.applyRules(type, instance, path, before);
    return instance;
  }

  get isFull(): boolean {
    return this.errors.length >= this.limit;
  }

  private value(rule: FieldRule, raw: unknown, path: Path): unknown {
    if (raw === null) {
      return raw;
    }
    const typed = this.source === 'query' && typeof raw === 'string' ? (rule.fromText?.(raw) ?? raw) : raw;
    const value = rule.normalize?.(typed) ?? typed;
    const { nested, items } = rule;
    if (nested === undefined && items === undefined) {
      return value;
    }
    // A list that is too long is refused as a whole: its items are not looked at.
    if (violationIn(rule, value) !== undefined) {
      return value;
    }
    if (!Array.isArray(value)) {
      return nested === undefined ? value : this.object(nested(), value, path);
    }
    if (rule.isLenient === true && nested !== undefined) {
      return value.map((item, index) => readItem(nested(), item, [...path, index]));
    }
    const list: unknown[] = [];
    for (const [index, item] of value.entries()) {
      if (this.isFull) {
        break;
      }
      list.push(
        nested === undefined ? this.item(items, item, [...path, index]) : this.object(nested(), item, [...path, index]),
      );
    }
    return list;
  }

  private item(rule: FieldRule | undefined, raw: unknown, path: Path): unknown {
    const value = rule?.normalize?.(raw) ?? raw;
    const violation = rule === undefined ? undefined : violationIn(rule, value);
    if (violation !== undefined) {
      this.add(path, violation);
    }
    return value;
  }

  /** The rules of all fields, then, when they hold, those about several fields. */
  private applyRules(type: DtoClass, instance: Readonly<Record<string, unknown>>, path: Path, before: number): void {
    const wrong = new Set<string>();
    for (const [name, rule] of fieldsOf(type)) {
      const violation = violationIn(rule, instance[name]);
      if (violation !== undefined) {
        wrong.add(name);
        this.add(violation.key === undefined ? [...path, name] : [...path, name, violation.key], violation);
      }
    }
    for (const { property, constraints = {} } of hasOtherRules(type) ? validateSync(instance, OPTIONS) : []) {
      const [name, text] = Object.entries(constraints)[0] ?? [];
      if (name !== undefined && text !== undefined && !wrong.has(property)) {
        this.add([...path, property], { code: kebab(name), message: text.replace(`${property} `, '') });
      }
    }
    if (this.errors.length > before) {
      return;
    }
    for (const check of objectRulesOf(type)) {
      const violation = check(instance as never);
      if (violation !== undefined) {
        this.add(violation.field === undefined ? path : [...path, violation.field], violation);
        return;
      }
    }
  }

  private unknown(type: DtoClass, name: string): Violation {
    if (isFixedField(type, name)) return { code: 'not-editable', message: 'cannot be changed' };
    return this.source === 'json'
      ? { code: 'unknown-field', message: 'is not a known field' }
      : { code: 'unknown-parameter', message: 'is not a known parameter' };
  }

  private add(path: Path, { code, message }: Violation): void {
    if (this.isFull) return;
    if (this.source === 'json') {
      this.errors.push({ pointer: pointerTo(path), code, message });
      return;
    }
    // Of a list in a query, the parameter is what can be named; which item it was is said in words.
    const [name = '', index] = path;
    const told = index === undefined ? message : `${message} (item ${Number(index) + 1})`;
    this.errors.push({ pointer: String(name).slice(0, 100), code, message: told });
  }
}

/** Reads one item of a list that is answered item by item. Pointers begin with `path`. */
export function readItem<T extends object>(type: DtoClass<T>, plain: unknown, path: Path = []): T | InvalidItem {
  const reader = new DtoReader('json', MAX_ITEM_ERRORS);
  const value = reader.object(type, plain, path) as T;
  return reader.errors.length > 0 ? new InvalidItem(reader.errors) : value;
}

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();

/**
 * Reads a value of a class and checks every rule of its fields. Nothing is converted but query parameters, each by its
 * field's rule; what the class does not declare is refused.
 *
 * @returns the instance, complete only when there are no errors; at most `MAX_FIELD_ERRORS` errors
 */
export function readDto<T extends object>(
  type: DtoClass<T>,
  plain: unknown,
  source: Source,
): { readonly value: T; readonly errors: readonly FieldError[] } {
  const reader = new DtoReader(source);
  const value = reader.object(type, plain, []) as T;
  return { value, errors: reader.errors };
}
