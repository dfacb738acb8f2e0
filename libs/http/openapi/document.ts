import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { describeDefaults } from './defaults.js';
import { HEADERS } from './headers.js';
import { isJson, type Json } from './json.js';
import { completeOperation } from './operation.js';
import { ProblemDto } from './problem.dto.js';
import { problemExamples } from './problem-examples.js';
import { closeSchemas, renameSchemas, removeEnumDescriptions, simplifyReferences } from './schemas.js';
import { shareProblemResponses } from './shared-responses.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Removes header components without a reference. */
function leaveOutUnusedHeaders(document: OpenAPIObject): void {
  const text = JSON.stringify(document);
  const used = Object.entries(document.components?.headers ?? {}).filter(([name]) =>
    text.includes(`"#/components/headers/${name}"`),
  );
  document.components = { ...document.components, headers: Object.fromEntries(used) };
}

/** A group of routes with its description, in the order of display. */
export interface TagDescription {
  readonly name: string;
  readonly description: string;
}

/**
 * The OpenAPI 3.1 document of an application: closed schemas, every route described, every error with its codes.
 *
 * @throws TypeError when a route is not described by `@ApiRoute`, or declares an unknown error
 */
export function createOpenApiDocument(app: INestApplication, tags: readonly TagDescription[] = []): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Stowage')
    .setDescription(
      'Decides which deployments get which resources, when, and why. Errors are RFC 9457 problems with a stable `code`, explained at `/problems/{code}`.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This installation')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description:
          'The access token that signing in answers, or an API token. In Swagger UI, `registerUser` and `loginUser` authorize the page: only an API token, or a token from elsewhere, is entered here.',
      },
      'bearer',
    )
    // Each operation has its own as well. Postman makes of this one the credential of a whole collection.
    .addSecurityRequirements('bearer');
  for (const tag of tags) {
    builder.addTag(tag.name, tag.description);
  }
  const raw = SwaggerModule.createDocument(app, builder.build(), {
    extraModels: [ProblemDto],
    autoTagControllers: false,
  });
  const document = renameSchemas(raw);
  const schemas = (document.components?.schemas ?? {}) as Json;
  simplifyReferences(schemas);
  closeSchemas(schemas);
  removeEnumDescriptions(schemas);
  const responses: Json[] = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation: unknown = operations[method];
      if (isJson(operation)) {
        completeOperation(method, path, operation, schemas);
        responses.push(operation['responses'] as Json);
      }
    }
  }
  document.components = {
    ...document.components,
    examples: problemExamples(responses, schemas),
    responses: shareProblemResponses(responses),
    headers: HEADERS,
  } as NonNullable<OpenAPIObject['components']>;
  leaveOutUnusedHeaders(document);
  // Last: the examples of bodies are made of the defaults.
  describeDefaults(schemas);
  return document;
}
