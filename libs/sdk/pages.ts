/** One page of a list of the API. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Yields every item of a list, and reads page after page:
 *
 *     for await (const cluster of everyItem((query) => stowage.listClusters({ path, query }))) ...
 *
 * @param list reads one page; its argument belongs into `query`
 */
export async function* everyItem<T>(
  list: (query: { cursor?: string }) => Promise<PageOf<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await list(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
