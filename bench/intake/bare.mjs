// What intake is measured against: Fastify and pg, nothing else, with the statements and the token check of one submission.
import { createPublicKey, randomBytes, verify } from 'node:crypto';

import { fastify as createFastify } from 'fastify';
import pg from 'pg';
import { v7 } from 'uuid';

import { ADMISSION, INSERT, SIGNAL, STANDING } from './statements.mjs';

const { DATABASE_URL, STOWAGE_JWT_KEYS, PORT } = process.env;
const [jwk] = JSON.parse(STOWAGE_JWT_KEYS);
const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: 'jwk' });
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const checked = new Map();

/** The claims of a token with a good signature, which is checked once per token, as the service does. */
function claimsOf(header) {
  const token = header.slice('Bearer '.length);
  const known = checked.get(token);
  if (known !== undefined) return known.exp * 1000 > Date.now() ? known : undefined;
  const at = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(at + 1), 'base64url');
  if (!verify('sha256', Buffer.from(token.slice(0, at)), { key, dsaEncoding: 'ieee-p1363' }, signature))
    return undefined;
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  checked.set(token, claims);
  return claims;
}

const app = createFastify();
app.post('/organizations/:organization/clusters/:cluster/deployments', async (request, reply) => {
  const claims = claimsOf(request.headers.authorization ?? '');
  const { organization, cluster } = request.params;
  const { rows } =
    claims === undefined ? { rows: [] } : await pool.query(STANDING, [organization, claims.sid, claims.sub]);
  if (rows.length === 0) return reply.code(401).send({});
  const { image, resources } = request.body;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(ADMISSION, [organization, cluster]);
    const request_ = [resources.cpu * 1000, resources.memoryMib, (resources.gpu ?? 0) * 1000];
    const { rows: inserted } = await client.query(INSERT, [
      [v7()],
      [`app~${randomBytes(6).toString('hex')}`],
      [image],
      ...request_.map((amount) => [amount]),
      organization,
      cluster,
      claims.sub,
    ]);
    await client.query(SIGNAL, [organization, cluster, ...request_.map((amount) => [amount])]);
    await client.query('commit');
    return await reply.code(201).send(inserted[0]);
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
