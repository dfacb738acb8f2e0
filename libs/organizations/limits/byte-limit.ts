import { Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { type EntityManager } from '#database';

import { OrganizationErrors } from '../organizations.errors.js';
import { type ByteRoom, lockAccountBytes, readByteRoom } from '../stored-bytes.repository.js';
import { KnownRooms } from './known-rooms.js';
import { OrganizationLimits } from './organization-limits.js';

/** More than all API processes together write for one organization within a second, including open transactions. */
const FAR = 512 * 1024 * 1024;

/**
 * Enforces the limits of stored bytes: of an organization, and of all organizations of the user that has created it.
 *
 * Far below both nothing is locked. Near one, additions take turns, and each one counts before it adds.
 */
@Injectable()
export class ByteLimit {
  private readonly known = new KnownRooms(FAR);

  constructor(
    private readonly limits: OrganizationLimits,
    private readonly settings: Settings,
  ) {}

  /**
   * Admits more stored bytes of an organization, as part of the transaction that stores them.
   *
   * @throws ORGANIZATIONS.BYTES_LIMIT_REACHED
   */
  async admit(tx: EntityManager, organizationId: string, needed: number): Promise<void> {
    if (this.known.take(organizationId, needed)) return;
    const room = await readByteRoom(tx, organizationId);
    if (room !== undefined && this.known.remember(organizationId, this.left(room) - needed)) return;
    const { bytes: limit } = await this.limits.lock(tx, organizationId);
    if (room?.ownLimit === null) await lockAccountBytes(tx, room.createdBy);
    this.assertRoom(await readByteRoom(tx, organizationId), limit, needed);
  }

  private left({ ownLimit, bytes, accountBytes }: ByteRoom): number {
    const left = (ownLimit ?? this.settings.limitBytes) - bytes;
    return accountBytes === null ? left : Math.min(left, this.settings.limitAccountBytes - accountBytes);
  }

  private assertRoom(room: ByteRoom | undefined, limit: number, needed: number): void {
    const { bytes = 0, accountBytes = null } = room ?? {};
    if (bytes + needed > limit)
      throw OrganizationErrors.BYTES_LIMIT_REACHED.because(undefined, { limit, bytes, needed });
    const { limitAccountBytes } = this.settings;
    // Members of this organization may not see how much is stored in the user's others.
    if (accountBytes !== null && accountBytes + needed > limitAccountBytes) {
      throw OrganizationErrors.BYTES_LIMIT_REACHED.because(undefined, { limit: limitAccountBytes, needed });
    }
  }
}
