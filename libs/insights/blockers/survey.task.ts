import { constants, getPriority, platform, setPriority } from 'node:os';

import { type LeftByPass, type PackedSurvey, packSurvey, surveyOf } from './queue-survey.js';

/** Surveys what a pass left waiting. Whoever plans meanwhile comes first, where the system knows priorities of threads. */
export function survey(left: LeftByPass): PackedSurvey {
  makeWayForOthers();
  return packSurvey(surveyOf(left));
}

/** On Linux a priority belongs to the thread that sets it; elsewhere it would be that of the whole process. */
function makeWayForOthers(): void {
  const { PRIORITY_BELOW_NORMAL: low } = constants.priority;
  if (platform() === 'linux' && getPriority() < low) setPriority(low);
}
