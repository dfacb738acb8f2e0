import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** What is sent beside method and path. */
export interface Call {
  /** Sent as JSON, and a text as JSON lines. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly rawBody?: string | Buffer;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, its body parsed where it is JSON. */
export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;
type Validate = (value: unknown) => string | undefined;

/** Headers that a client may act on: an answer has them only where the document says so. */
const TELLING_HEADERS = [
  'ETag',
  'Idempotency-Replayed',
  'Preference-Applied',
  'Retry-After',
  'WWW-Authenticate',
  'Location',
];

/**
 * Talks to the API as a client does, and holds every answer against the OpenAPI document: an undocumented status, header form or field
 * fails the test that met it.
 */
export class ApiClient {
  /** The organizations that were made through this client. */
  readonly organizationIds = new Set<string>();
  private readonly validators = new Map<string, Validate>();

  private constructor(
    readonly url: string,
    private readonly document: Json,
    private readonly ajv: Ajv2020,
  ) {}

  static async connect(url: string): Promise<ApiClient> {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as Json;
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(ajv);
    ajv.addSchema({ ...document, $id: 'openapi' });
    return new ApiClient(url, document, ajv);
  }

  async get<T = Json>(path: string, call: Call = {}): Promise<Answer<T>> {
    return this.send<T>('GET', path, call);
  }

  async post<T = Json>(path: string, call: Call = {}): Promise<Answer<T>> {
    return this.send<T>('POST', path, call);
  }

  /** Sends a request whose path is below the address, and validates the answer. */
  async send<T = Json>(method: string, path: string, call: Call = {}): Promise<Answer<T>> {
    const { body, rawBody, token, headers = {} } = call;
    const isText = typeof body === 'string';
    const sent = rawBody ?? (isText || body === undefined ? body : JSON.stringify(body));
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(sent === undefined ? {} : { 'content-type': isText ? 'application/x-ndjson' : 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : new Uint8Array(sent) }),
    });
    const text = await response.text();
    const mediaType = response.headers.get('content-type') ?? '';
    const isJson = mediaType.includes('json') && !mediaType.includes('ndjson');
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : undefined) as T,
    };
    this.validate(method, path, answer);
    if (method === 'POST' && path === '/v1/organizations' && answer.status === 201) {
      this.organizationIds.add((answer.body as { readonly id: string }).id);
    }
    return answer;
  }

  /** @throws Error when the document does not describe such an answer to this request */
  private validate(method: string, path: string, { status, headers, body, text }: Answer<unknown>): void {
    const operation = this.operationOf(method, path.split('?')[0] ?? '');
    const where = `${method} ${path} -> ${status}`;
    // What matches no route is answered by what stands before all routes, always with a problem.
    const response =
      operation === undefined
        ? { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
        : this.responseOf(operation.operation, status);
    if (response === undefined) throw new Error(`${where} is not in the document: ${text.slice(0, 500)}`);
    const content = (response['content'] ?? {}) as Record<string, Json>;
    if (operation !== undefined) this.validateHeaders(where, response, headers);
    const mediaType = (headers.get('content-type') ?? '').split(';')[0] ?? '';
    const described = content[mediaType];
    if (described === undefined) {
      if (Object.keys(content).length === 0 && text === '') return;
      throw new Error(
        `${where} answers ${mediaType || 'nothing'}, documented are ${Object.keys(content).join(', ') || 'nothing'}`,
      );
    }
    if (!mediaType.includes('json')) return;
    const isLines = mediaType.includes('ndjson');
    const schema = described['schema'] as Json;
    const validate = this.validatorOf(isLines ? schema['contentSchema'] : schema);
    const fault = isLines
      ? linesOf(text)
          .map((line) => validate(line))
          .find((found) => found !== undefined)
      : validate(body);
    if (fault !== undefined) throw new Error(`${where} does not match the document: ${fault}\n${text.slice(0, 1000)}`);
    if (isLines) return;
    const codes = response['x-codes'] as readonly string[] | undefined;
    const { code } = body as { readonly code?: string };
    if (codes !== undefined && !codes.includes(code ?? '')) {
      throw new Error(`${where} answers ${String(code)}, documented are ${codes.join(', ')}`);
    }
  }

  /** @throws Error when a documented header is missing or has another form, or one is there that the document does not promise */
  private validateHeaders(where: string, response: Json, headers: Headers): void {
    const described = (response['headers'] ?? {}) as Record<string, Json>;
    for (const [name, reference] of Object.entries(described)) {
      const header = this.resolve(reference);
      const value = headers.get(name);
      if (value === null && header['required'] !== true) continue;
      const fault = value === null ? 'is missing' : this.validatorOf(header['schema'])(value);
      if (fault !== undefined) throw new Error(`${where} does not match the document: the header ${name} ${fault}`);
    }
    const undocumented = TELLING_HEADERS.filter((name) => headers.has(name) && !(name in described));
    if (undocumented.length > 0) throw new Error(`${where} has headers of no document: ${undocumented.join(', ')}`);
  }

  private responseOf(operation: Json, status: number): Json | undefined {
    const response = (operation['responses'] as Record<string, Json>)[String(status)];
    return response === undefined ? undefined : this.resolve(response);
  }

  /** What a reference names, where it is one. */
  private resolve(value: Json): Json {
    const reference = value['$ref'];
    if (typeof reference !== 'string') return value;
    const steps = reference.slice('#/'.length).split('/');
    return steps.reduce((node, step) => node[step] as Json, this.document);
  }

  private operationOf(method: string, path: string): { operation: Json } | undefined {
    for (const [template, item] of Object.entries(this.document['paths'] as Record<string, Json>)) {
      const pattern = new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`);
      const operation = item[method.toLowerCase()];
      if (operation !== undefined && pattern.test(path) && isMoreExact(template, path, this.document)) {
        return { operation: operation as Json };
      }
    }
    return undefined;
  }

  private validatorOf(schema: unknown): Validate {
    const key = JSON.stringify(schema);
    const known = this.validators.get(key);
    if (known !== undefined) return known;
    const validate = this.ajv.compile(JSON.parse(key.replaceAll('"#/', '"openapi#/')) as object);
    const check: Validate = (value) => (validate(value) ? undefined : this.ajv.errorsText(validate.errors));
    this.validators.set(key, check);
    return check;
  }
}

/** A template with parameters counts only where no literal path matches. */
function isMoreExact(template: string, path: string, document: Json): boolean {
  return template === path || !(path in (document['paths'] as object));
}

/** The JSON values of an answer that has one in each line. */
export function linesOf<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
