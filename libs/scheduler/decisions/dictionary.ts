/**
 * What encoded decisions have in common, the most frequent last: compression refers to it. Bytes that were encoded with it are readable with the
 * same text alone, so that a released dictionary never changes.
 */
export const DICTIONARY = Buffer.from(
  [
    '"slices":[{"shapes":2000,"placed":',
    '"preemption":{"eligibleCount":0,"retainedCount":0,"retainedWork":0,"upperBound":0}',
    '"returns":{"id":"","queuedAtMs":17,"maxRuntimeSeconds":null}',
    '"preemptible":{"id":"01","sinceMs":17,"preemptions":0,"stopsAtOnce":false}},',
    '"isTerminating":true},"notConsidered":',
    '"followers":[{"id":"01","queuedAtMs":17},',
    '"kind":"moved-later","cause":"higher-priority","kind":"withdrawn","cause":"no-longer-waiting"',
    '"kind":"gathering","cause":"waited-long-enough","typicalRuntimeSeconds":60,"expectedRuntimeSeconds":60,"expectedEndMs":17},',
    '"kind":"nominated","kind":"moved-earlier","cause":"runtimes-as-declared"',
    '"state":"promised","state":"gathering","state":"nominated"',
    '{"snapshot":{"capacity":{"cpuMillis":1000,"memoryMib":1024,"gpuMillis":0},"nowMs":17',
    ',"policy":{"searchSteps":10000,"reserveAfterSeconds":600,"reservationOrder":"relative-wait",',
    '"preemption":"lower-priority","preemption":"never","preemptAfterSeconds":60,"maxPreemptions":3,"stopGraceSeconds":0},"isCordoned":false,"running":[',
    '{"changed":{"nowMs":17},"lists":{"running":[[0,1],[{"priority":50,"resources":{"cpuMillis":1000,"memoryMib":1024,"gpuMillis":0},"count":1,"endsAtMs":null}],',
    '"waiting":[[0,1],[{"priority":50,"request":{"cpuMillis":1000,"memoryMib":1024,"gpuMillis":0},"maxRuntimeSeconds":null,"maxRuntimeSeconds":3600,"count":1,',
    '"oldest":{"id":"01","queuedAtMs":17}},[0,1],"reservations":[[0,1]]},"gone":[],"plan":{"place":[{"shape":0,"count":1,"includes":[]}],"preempt":[],',
    '"reservations":[{"state":"promised","id":"01","priority":50,"request":{"cpuMillis":1000,"memoryMib":1024,"gpuMillis":0},"maxRuntimeSeconds":3600,"count":1,"sinceMs":17,"untilMs":17}],',
    '"reservationEvents":[{"id":"01","kind":"promised","cause":"waited-long-enough","promisedAtMs":17},{"id":"01","kind":"started","cause":"fits-now","promisedAtMs":null}],',
    '"reservations":[],"gatherAfterMs":null,"reservationEvents":[],"wakeAtMs":null,"certificate":{"optimal":true,"stopped":"none","steps":0,"levels":[{"priority":50,"placed":1,"upperBound":1}],',
    '"utilization":{"value":0.5,"upperBound":0.5}},"proof":null}}',
  ].join(''),
);
