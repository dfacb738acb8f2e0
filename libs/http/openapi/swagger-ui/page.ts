import { AUTHORIZATION_PLUGIN } from './authorization.js';
import { FILTER_PLUGIN } from './filter.js';
import { KNOWN_IDS_PLUGIN } from './known-ids.js';

/**
 * The script that starts Swagger UI.
 *
 * @param document the address of the document that it shows
 */
export const swaggerUiScript = (document: string): string => `${FILTER_PLUGIN}
${KNOWN_IDS_PLUGIN}
${AUTHORIZATION_PLUGIN}
SwaggerUIBundle({
  url: '${document}',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  displayOperationId: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  filter: true,
  validatorUrl: null,
  syntaxHighlight: { activated: true },
  plugins: [FilterPlugin, KnownIdsPlugin, AuthorizationPlugin],
});
`;
