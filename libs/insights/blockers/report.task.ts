import { constants, getPriority, platform, setPriority } from 'node:os';

import { type ReportedPass, type EncodedReport, encodeReport, reportOf } from './queue-blocker-report.js';

/** Surveys what a pass left waiting. Whoever plans meanwhile comes first, where the system knows priorities of threads. */
export function report(left: ReportedPass): EncodedReport {
  makeWayForOthers();
  return encodeReport(reportOf(left));
}

/** On Linux a priority belongs to the thread that sets it; elsewhere it would be that of the whole process. */
function makeWayForOthers(): void {
  const { PRIORITY_BELOW_NORMAL: low } = constants.priority;
  if (platform() === 'linux' && getPriority() < low) setPriority(low);
}
