import { constants, getPriority, platform, setPriority } from 'node:os';

import { type ReportedPass, type EncodedReport, encodeReport, reportOf } from './queue-blocker-report.js';

/** Reports what a pass left waiting, at a low thread priority where the system has such. */
export function report(left: ReportedPass): EncodedReport {
  makeWayForOthers();
  return encodeReport(reportOf(left));
}

/** On Linux a priority belongs to the thread that sets it; elsewhere it would be that of the whole process. */
function makeWayForOthers(): void {
  const { PRIORITY_BELOW_NORMAL: low } = constants.priority;
  if (platform() === 'linux' && getPriority() < low) setPriority(low);
}
