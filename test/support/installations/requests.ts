/** What a spec file asks of the server of shared installations, with the body of each request. */
export interface Request {
  readonly start: undefined;
  readonly audit: { readonly organizationIds: readonly string[] };
  readonly coverage: undefined;
}

export type RequestName = keyof Request;

/** The kinds of shared installations: `manual` has no worker, and passes run when a test calls them. */
export type Kind = 'complete' | 'manual';

/** Where a shared installation is reached. */
export interface InstallationAddress {
  readonly url: string;
  readonly databaseUrl: string;
  /** The settings with which further processes join it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether spec files take the coverage of its processes. */
  readonly measuresCoverage: boolean;
}
