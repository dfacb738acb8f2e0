export { AdminModule } from './admin/admin.module.js';
export { OperationsModule } from './operations.module.js';
export { StorageWatch } from './storage/storage-watch.js';
