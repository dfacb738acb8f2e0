export { type Credentials, type TokenPair } from './credentials.js';
export { BEGINNING, type FollowOptions } from './follow.js';
export * from './generated/types.gen.js';
export { everyItem, type PageOf } from './pages.js';
export { ProblemError } from './problem-error.js';
export { Stowage, type StowageOptions } from './stowage.js';
export { type RetryOptions } from './transport.js';
