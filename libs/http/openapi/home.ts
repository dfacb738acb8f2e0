import type { FastifyInstance } from 'fastify';

const PURPOSE = 'Decides which deployments get which resources, when, and why.';

/** The places of an installation from which all others are found. */
const PLACES = [
  { name: 'docs', href: '/docs', purpose: 'Try the API in the browser.' },
  { name: 'reference', href: '/redoc', purpose: 'Read the reference.' },
  { name: 'openapi', href: '/openapi.json', purpose: 'Get the OpenAPI 3.1 document.' },
  { name: 'errors', href: '/problems', purpose: 'Look up an error code.' },
  { name: 'version', href: '/v1/version', purpose: 'Read which release runs.' },
  { name: 'ready', href: '/health/ready', purpose: 'Check that this process can serve.' },
] as const;

const BODY = `<h1>Stowage</h1>
<p>${PURPOSE}</p>
<ul>
${PLACES.map(({ href, purpose }) => `<li><a href="${href}">${href}</a>: ${purpose}</li>`).join('\n')}
</ul>`;

const LINKS = JSON.stringify({
  name: 'Stowage',
  description: PURPOSE,
  links: Object.fromEntries(PLACES.map(({ name, href }) => [name, href])),
});

/**
 * Serves what this is and where to go on at `/`: a page where the request accepts HTML, JSON otherwise.
 *
 * @param page makes a page of a title, elements of the head, and a body
 */
export function serveHome(
  fastify: FastifyInstance,
  page: (title: string, head: string, body: string) => string,
  policy: string,
): void {
  const html = page('Stowage', '', BODY);
  fastify.get('/', (request, reply) => {
    const wantsPage = (request.headers.accept ?? '').includes('text/html');
    void reply.header('vary', 'Accept, Origin');
    return wantsPage
      ? reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(html)
      : reply.type('application/json; charset=utf-8').send(LINKS);
  });
}
