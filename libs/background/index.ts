export { type BackgroundTask, type BackgroundWork } from './background-task.js';
export { BackgroundModule, BackgroundTasks } from './background-tasks.js';
export { FairTurns, type Turn, type TurnLimits, type TurnOwner } from './fair-turns.js';
export { tryNamedLock } from './named-lock.js';
