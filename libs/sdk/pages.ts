/** One page of a list, as every list of the API answers. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Every item of a list, page by page as they are asked for:
 *
 *     for await (const cluster of everyItem((query) => stowage.listClusters({ path, query }))) ...
 *
 * @param list asks for one page; what it gets belongs into `query`
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
