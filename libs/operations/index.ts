export { AdminModule } from './admin/admin.module.js';
export { OperationsModule } from './operations.module.js';
