import { defineErrors } from '#http';

/** Errors of events. */
export const EventErrors = defineErrors('EVENTS', {
  EXPIRED: {
    kind: 'gone',
    title: 'Events after this id are not complete',
    explanation:
      'Between the event that was named as the last one seen and now, events were removed by retention, or the database was restored from a copy. Read the deployments anew, then follow the events without an id.',
  },
  STREAM_LIMIT_REACHED: {
    kind: 'too-many',
    title: 'Too many open streams of one owner',
    explanation:
      'The account or the organization that `of` names has `open` event streams in this process and may have `limit`. Close one, or read events as a list. A service account counts for the user that created its organization.',
  },
  TOO_MANY_STREAMS: {
    kind: 'unavailable',
    title: 'Too many open streams',
    explanation: 'This process holds as many event streams as it may. Try again later, or read events as a list.',
  },
});
