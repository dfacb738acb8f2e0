import { defineErrors } from '#http';

/** Errors of clusters. */
export const ClusterErrors = defineErrors('CLUSTERS', {
  NOT_FOUND: {
    kind: 'not-found',
    title: 'Cluster not found',
    explanation: 'No cluster with this id exists in the organization, or it is not visible to you.',
  },
  NAME_TAKEN: {
    kind: 'conflict',
    title: 'Cluster name taken',
    explanation:
      'Another cluster of the organization has this name. Names that differ only in case or width are the same.',
  },
  LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many clusters',
    explanation: 'The organization has as many clusters as it may. `limit` says how many.',
  },
  CAPACITY_IN_USE: {
    kind: 'conflict',
    title: 'Capacity is in use',
    explanation:
      'More is allocated than the cluster would have: `allocated`, `requested` and `exceeding` give the numbers. Wait until enough has ended, cancel some of what runs, or ask for the change with `whenFree`: then it takes effect when it fits, and nothing new starts until then.',
  },
  NOT_EMPTY: {
    kind: 'conflict',
    title: 'Cluster is not empty',
    explanation:
      'Something is allocated there, or waits: `allocated`, `queued` and `retrying` (between two attempts) say how much. Drain the cluster, and delete it when nothing is allocated any more; what then still waits is cancelled with it.',
  },
  MEMBER_NOT_FOUND: {
    kind: 'not-found',
    title: 'No such member',
    explanation:
      'No user with this id is a member of the organization: only members can be put on the list of a cluster.',
  },
  ACCESS_NOT_FOUND: {
    kind: 'not-found',
    title: 'Not on the list',
    explanation: 'This user is not on the list of the cluster.',
  },
  CAPACITY_EMPTY: {
    kind: 'invalid',
    title: 'Capacity is empty',
    explanation: 'A cluster needs some CPU, memory or GPU: at least one of them must be more than zero.',
  },
});
