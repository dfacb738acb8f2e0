import { createRequire } from 'node:module';
import { dirname } from 'node:path';

import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';

import { createOpenApiDocument, type TagDescription } from './document.js';
import { serveHome } from './home.js';
import { swaggerUiScript } from './swagger-ui/page.js';
import { asOpenApi30 } from './version-3-0.js';

/** Allows only content of this server. Swagger UI sets styles on elements, which requires `unsafe-inline`. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const page = (title: string, head: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
${head}</head>
<body>
${body}
</body>
</html>
`;

const SWAGGER_UI = page(
  'Stowage API',
  '<link rel="stylesheet" href="/docs/assets/swagger-ui.css">\n',
  `<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>`,
);

/** The document for Swagger UI, which resolves all of a 3.1 document anew for each operation that is opened: seconds. */
const SWAGGER_UI_DOCUMENT = '/docs/openapi-3.0.json';

const REDOC = page(
  'Stowage API: reference',
  '',
  '<div id="redoc"></div>\n<script type="module" src="/redoc/init.js"></script>',
);

const REDOC_INIT = `import { init } from '/redoc/assets/redoc.standalone.js';
init('/openapi.json', { disableTelemetry: true, jsonSamplesExpandLevel: 3 }, document.getElementById('redoc'));
`;

/** The files of both pages. */
const SWAGGER_UI_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const REDOC_FILE = 'redoc.standalone.js';

/** The folder of swagger-ui's files: a dependency of @nestjs/swagger. */
function swaggerUiFolder(): string {
  const fromSwagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  return dirname(fromSwagger.resolve('swagger-ui-dist/swagger-ui.css'));
}

/** The folder of ReDoc's only file: part of @redocly/cli. */
function redocFolder(): string {
  return dirname(createRequire(import.meta.url).resolve(`@redocly/cli/lib/chunks/${REDOC_FILE}`));
}

/** The document as Swagger UI shows it, with a link to the document for programs. */
function forSwaggerUi(document: OpenAPIObject): OpenAPIObject {
  const turned = asOpenApi30(document);
  turned.info.description = `${document.info.description ?? ''}\n\nFor programs: [/openapi.json](/openapi.json), OpenAPI 3.1.`;
  return turned;
}

/** Serves a file of a package; browsers may cache it for a day. */
function serveFile(fastify: FastifyInstance, url: string, root: string, name: string): void {
  fastify.get(url, (_request, reply) =>
    reply.header('cache-control', 'public, max-age=86400').sendFile(name, root, { cacheControl: false }),
  );
}

/**
 * Serves `/`, `/openapi.json`, a self-contained Swagger UI at `/docs` (which reads the same API in OpenAPI 3.0), and a self-contained ReDoc at
 * `/redoc`.
 */
export function serveDocumentation(app: NestFastifyApplication, tags: readonly TagDescription[] = []): void {
  const document = createOpenApiDocument(app, tags);
  const fastify = app.getHttpAdapter().getInstance();
  const serveText = (url: string, type: string, text: string): void => {
    fastify.get(url, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text));
  };
  const serveDocument = (url: string, text: string): void => {
    fastify.get(url, (_request, reply) =>
      reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(text),
    );
  };
  const servePage = (url: string, html: string): void => {
    fastify.get(url, (_request, reply) =>
      reply.type('text/html; charset=utf-8').header('content-security-policy', DOCS_POLICY).send(html),
    );
  };
  serveHome(fastify, page, DOCS_POLICY);
  serveDocument('/openapi.json', JSON.stringify(document));
  serveDocument(SWAGGER_UI_DOCUMENT, JSON.stringify(forSwaggerUi(document)));
  servePage('/docs', SWAGGER_UI);
  serveText('/docs/init.js', 'text/javascript', swaggerUiScript(SWAGGER_UI_DOCUMENT));
  servePage('/redoc', REDOC);
  serveText('/redoc/init.js', 'text/javascript', REDOC_INIT);
  fastify.register(fastifyStatic, { root: swaggerUiFolder(), serve: false });
  for (const name of SWAGGER_UI_FILES) serveFile(fastify, `/docs/assets/${name}`, swaggerUiFolder(), name);
  serveFile(fastify, `/redoc/assets/${REDOC_FILE}`, redocFolder(), REDOC_FILE);
}
