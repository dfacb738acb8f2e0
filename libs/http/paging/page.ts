import { Injectable } from '@nestjs/common';

import { ArrayField, IntegerField } from '../fields/values.js';
import type { DtoClass } from '../fields/rule.js';
import { StringField } from '../fields/text.js';
import { CursorCodec, type CursorPosition } from './cursor-codec.js';

/** The most items of one page. */
export const MAX_PAGE_SIZE = 100;

/** The most rows that one request for a page compares with conditions that have no index. */
export const MAX_COMPARED = 10_000;

/** The query parameters of every list. Lists with filters extend it. */
export class PageQuery {
  @IntegerField({ description: 'The most items of the page.', min: 1, max: MAX_PAGE_SIZE, default: 50, example: 50 })
  readonly limit!: number;

  @StringField({
    description: '`nextCursor` of the previous page, unchanged. Left out for the first page.',
    max: 2048,
    optional: true,
  })
  readonly cursor?: string;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The `cursor` of the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** A request for one page: what to read. */
export class PageRequest {
  constructor(
    readonly limit: number,
    /** The sort key after which the page begins; undefined for the first. */
    readonly after: CursorPosition | undefined,
    private readonly encode: (position: CursorPosition) => string,
  ) {}

  /** How many rows to read: one more than the page has, to know whether another page follows. */
  get take(): number {
    return this.limit + 1;
  }

  /**
   * Makes the page of the rows that were read.
   *
   * @param rows at most `take`, in the list's order, all after `after`
   * @param position the sort key of a row: unique within the list
   * @param show converts a row to an item
   * @param end the sort key up to which rows were looked at, where the read stopped before the page was full and the list may go on
   */
  of<R, T>(
    rows: readonly R[],
    position: (row: R) => CursorPosition,
    show: (row: R) => T,
    end?: CursorPosition,
  ): Page<T> {
    const shown = rows.slice(0, this.limit);
    const last = rows.length > this.limit ? shown.at(-1) : undefined;
    const next = last === undefined ? end : position(last);
    return { items: shown.map(show), nextCursor: next === undefined ? null : this.encode(next) };
  }
}

/** Opens pages of lists. */
@Injectable()
export class Pages {
  constructor(private readonly cursors: CursorCodec) {}

  /**
   * @param list the list's name, which never changes: cursors are bound to it
   * @param scope the owner of the list: organization, user, cluster; cursors of another scope are refused
   * @param query all parameters except `limit` and `cursor` are filters, to which cursors are bound too
   * @throws DomainError `REQUEST.INVALID_CURSOR`
   */
  open(list: string, scope: object, query: PageQuery): PageRequest {
    const { limit, cursor, ...filters } = query;
    const binding = { list, scope, filters };
    return new PageRequest(limit, cursor === undefined ? undefined : this.cursors.decode(binding, cursor), (position) =>
      this.cursors.encode(binding, position),
    );
  }

  /**
   * A page of a list that is ordered by id.
   *
   * @param read reads at most `take` rows after an id (from the start without one), in the list's order
   * @param show converts a row to an item
   */
  async byId<R extends { readonly id: string }, T>(
    list: string,
    scope: object,
    query: PageQuery,
    read: (take: number, after: string | undefined) => Promise<readonly R[]>,
    show: (row: R) => T,
  ): Promise<Page<T>> {
    const request = this.open(list, scope, query);
    const after = request.after?.[0];
    const rows = await read(request.take, typeof after === 'string' ? after : undefined);
    return request.of(rows, ({ id }) => [id], show);
  }
}

const pageClasses = new Map<DtoClass, DtoClass<Page<object>>>();

/** Whether a class documents a page: the answer of a list. */
export function isPage(answer: DtoClass): boolean {
  return [...pageClasses.values()].includes(answer as DtoClass<Page<object>>);
}

/** The class that documents a page of items of a class: `ClusterPage` for `ClusterDto` or `Cluster`. */
export function PageOf(item: DtoClass): DtoClass<Page<object>> {
  const known = pageClasses.get(item);
  if (known !== undefined) {
    return known;
  }
  class ItemPage implements Page<object> {
    @ArrayField(() => item, { description: 'At most `limit` items, in the order of the list.', max: MAX_PAGE_SIZE })
    readonly items!: object[];

    @StringField({
      description: 'The `cursor` of the next page; null on the last one.',
      max: 2048,
      nullable: true,
    })
    readonly nextCursor!: string | null;
  }
  Object.defineProperty(ItemPage, 'name', { value: `${item.name.replace(/Dto$/, '')}Page` });
  pageClasses.set(item, ItemPage);
  return ItemPage;
}
