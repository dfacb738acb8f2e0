import { BooleanField, CountField, EnumField, IdField, ListField, NameField, stringRule, TimestampField } from '#http';

/** A cluster as operators see it. */
export class InstalledClusterDto {
  @IdField({ description: 'Its id, as in metrics and alerts.' })
  readonly id!: string;

  @IdField({ description: 'Its organization.' })
  readonly organizationId!: string;

  @NameField({ description: 'Its name.', example: 'gpu-pool' })
  readonly name!: string;

  @EnumField(['active', 'cordoned', 'draining'], {
    description: 'Its state: only an active cluster starts deployments.',
    example: 'active',
  })
  readonly state!: 'active' | 'cordoned' | 'draining';

  @CountField({ description: 'Number of queued deployments.', example: 12 })
  readonly queued!: number;

  @CountField({
    description: 'Number of deployments that have ended and still hold resources: more than 0 for milliseconds only.',
    example: 0,
  })
  readonly unsettled!: number;

  @TimestampField({ description: 'When the last pass ended; null before the first one.', nullable: true })
  readonly lastPassAt!: string | null;

  @ListField(stringRule({ description: 'The name of a law.', min: 1, max: 60 }), {
    description: 'Laws of the ledger that are broken in this cluster, and not repaired yet.',
    max: 100,
  })
  readonly brokenLaws!: string[];

  @BooleanField({
    description: 'Whether a repair of its ledger was requested that no worker has done yet.',
    example: false,
  })
  readonly isRepairWanted!: boolean;
}
