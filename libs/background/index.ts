export { type BackgroundTask, type BackgroundWork } from './background-task.js';
export { BackgroundModule, BackgroundTasks } from './background-tasks.js';
export { tryNamedLock } from './named-lock.js';
