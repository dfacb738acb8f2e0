export { Retention } from './closing/retention.js';
export { LedgerWriterModule } from './ledger-writer.module.js';
export { Ledger } from './writer/ledger.js';
