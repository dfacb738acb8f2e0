import { auditEntities, AuditLog } from '#audit';
import { authEntities, Operators, PasswordHasher } from '#auth';

import { askPassword } from './ask-password.js';
import { withDatabase } from './with-database.js';

/** The command `operator create`. */
export async function createOperator(username: string): Promise<void> {
  await withDatabase([...authEntities, ...auditEntities], async (database, settings) => {
    const operators = new Operators(database, settings, new PasswordHasher(settings), new AuditLog());
    if (await operators.exists(username)) {
      process.stdout.write(`${await operators.promote(username)} is an operator now; the password is unchanged.\n`);
    } else {
      await operators.create(username, await askPassword(username));
      process.stdout.write(`${username} is an operator, and can sign in.\n`);
    }
    return 0;
  });
}
