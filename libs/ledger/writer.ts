export { Retention } from './closing/retention.js';
export { LedgerWriterModule } from './ledger-writer.module.js';
export { LedgerWatch } from './watch/ledger-watch.js';
export { Ledger } from './writer/ledger.js';
