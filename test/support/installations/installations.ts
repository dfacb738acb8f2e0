import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import { type CoverageSource } from './coverage.js';
import { type Kind, type Request, type RequestName } from './requests.js';
import { RunningInstallation } from './running-installation.js';

/** The installations of a run: at most one of each kind for each Jest process, started at the first request of one of its spec files. */
export class Installations {
  private readonly started = new Map<string, Promise<RunningInstallation>>();
  private readonly server: Server;
  private readonly coverage: CoverageSource | undefined;

  private constructor(coverage: CoverageSource | undefined) {
    this.coverage = coverage;
    this.server = createServer((request, response) => {
      this.answer(request).then(
        (answer) => response.end(JSON.stringify(answer ?? null)),
        (error: unknown) => {
          response.statusCode = 500;
          response.end(error instanceof Error ? error.message : String(error));
        },
      );
    });
  }

  /** @param coverage what the processes measure, where the run measures coverage */
  static async listen(coverage: CoverageSource | undefined): Promise<Installations> {
    const installations = new Installations(coverage);
    installations.server.listen(0, '127.0.0.1');
    await once(installations.server, 'listening');
    return installations;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Audits and stops all installations. @throws Error when one of them breaks a law, or lost a process */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    const outcomes = await Promise.allSettled(
      [...this.started.values()].map(async (starting) => (await starting).auditAndStop()),
    );
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, `shared installations: ${errors.map(String).join('\n')}`);
  }

  /** Serves `POST /{id of the Jest process}/{kind}/{name of the request}`. */
  private async answer(request: IncomingMessage): Promise<unknown> {
    const [, processId = '', kind = '', name = ''] = (request.url ?? '').split('/');
    const installation = await this.of(processId, kind as Kind);
    switch (name as RequestName) {
      case 'start':
        return installation.address;
      case 'audit': {
        const { organizationIds } = (await json(request)) as Request['audit'];
        return installation.audit(organizationIds);
      }
      case 'coverage':
        return installation.takeCoverage();
    }
  }

  private of(processId: string, kind: Kind): Promise<RunningInstallation> {
    const key = `${processId} ${kind}`;
    const known = this.started.get(key) ?? RunningInstallation.start(kind, this.coverage);
    this.started.set(key, known);
    return known;
  }
}
