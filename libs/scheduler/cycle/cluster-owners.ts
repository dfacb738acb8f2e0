import { Injectable } from '@nestjs/common';

import { type TurnOwner } from '#background';
import { Database, rowsOf, sql } from '#database';

/** The most clusters that are remembered. */
const MAX_REMEMBERED = 20_000;

/** Knows whose turn a pass on a cluster takes: its organization, and the account that created that. Neither ever changes. */
@Injectable()
export class ClusterOwners {
  private readonly known = new Map<string, TurnOwner>();

  constructor(private readonly database: Database) {}

  /** The owners of those of these clusters that exist; deleted ones do. */
  async of(clusterIds: readonly string[]): Promise<ReadonlyMap<string, TurnOwner>> {
    await this.learn(clusterIds.filter((id) => !this.known.has(id)));
    return new Map(
      clusterIds.flatMap((id) => {
        const owner = this.known.get(id);
        return owner === undefined ? [] : [[id, owner] as const];
      }),
    );
  }

  private async learn(clusterIds: readonly string[]): Promise<void> {
    if (clusterIds.length === 0) return;
    const rows = await rowsOf(
      this.database.reader(),
      sql<TurnOwner & { id: string }>`
        select c.id, c.organization_id as "organizationId", o.created_by as "accountId"
        from clusters c join organizations o on o.id = c.organization_id where c.id = any(${clusterIds}::uuid[])`,
    );
    if (this.known.size + rows.length > MAX_REMEMBERED) this.known.clear();
    for (const { id, accountId, organizationId } of rows) this.known.set(id, { accountId, organizationId });
  }
}
