import { stringify } from 'yaml';
import { Fields, type FieldPath } from './fields';
import { isMap } from './value';

export const deliveryGroup = 'delivery.ocm.software';
export const mpasGroup = 'mpas.ocm.software';

/** Where components are, and the Secret with the credentials for it. */
export interface RegistryRef {
  readonly url: string;
  readonly secretRef?: string;
}

/** A signature that must verify, and the key for it: a Secret whose key is the signature's name, or base64 of a PEM. */
export interface VerifyRule {
  readonly name: string;
  readonly publicKeySecret?: string;
  readonly publicKeyValue?: string;
}

interface Named {
  readonly name: string;
  readonly namespace?: string;
}

/** `delivery.ocm.software/v1alpha1`: which component, from where, to where. */
export interface ComponentSubscription extends Named {
  readonly component: string;
  /** Constraint; none: every version. */
  readonly semver?: string;
  readonly source: RegistryRef;
  readonly destination?: RegistryRef;
  /** Go duration. */
  readonly interval: string;
  readonly serviceAccountName?: string;
  readonly verify: readonly VerifyRule[];
}

/** `mpas.ocm.software/v1alpha1`: installs a subscription's product under its own name. */
export interface ProductDeploymentGenerator extends Named {
  readonly interval: string;
  readonly serviceAccountName: string;
  readonly subscriptionRef: Named;
}

/** `mpas.ocm.software/v1alpha1`: a place products go to. */
export interface Target extends Named {
  readonly labels: Readonly<Record<string, string>>;
  /** `kubernetes`, `ociRepository`, `ssh`; samples write it in any case. */
  readonly type: string;
  readonly targetNamespace?: string;
  /** `host[:port]/path` of an `ociRepository`: snapshots go below it, as `<path>/<instance>/<pipeline>`. */
  readonly url?: string;
  /** A kubeconfig for another cluster, or the docker configuration of an OCI repository. */
  readonly accessSecretRef?: Named;
  readonly interval?: string;
  readonly serviceAccountName?: string;
}

/** `mpas.ocm.software/v1alpha1`: a consumer's project and its repository. */
export interface Project extends Named {
  readonly git: {
    readonly provider: string;
    readonly owner: string;
    readonly isOrganization: boolean;
    readonly visibility?: string;
    readonly domain?: string;
    readonly defaultBranch?: string;
    readonly credentialsSecret?: string;
    readonly interval?: string;
    /** What to do with a repository that is there already: `adopt` (default) or `fail`. */
    readonly existingRepositoryPolicy?: string;
    readonly commitTemplate?: { readonly name: string; readonly email: string; readonly message: string };
  };
  readonly flux?: { readonly interval: string };
  readonly prune: boolean;
  readonly interval?: string;
}

const remedy = 'Correct the manifest in the repository.';
const open = (text: string, file: string, kind: string, group: string): Fields => {
  const read = Fields.of(text, file, { code: 'product.manifest-invalid', message: `The ${kind} is not valid`, remedy });
  read.kind(kind, group);
  return read;
};

function named(read: Fields, path: FieldPath = ['metadata']): Named {
  const namespace = read.optionalText([...path, 'namespace']);
  return { name: read.text([...path, 'name']), ...(namespace !== undefined && { namespace }) };
}

function registry(read: Fields, path: FieldPath): RegistryRef {
  const secretRef = read.optionalText([...path, 'secretRef', 'name']);
  return { url: read.text([...path, 'url']), ...(secretRef !== undefined && { secretRef }) };
}

/** The optional fields that are there. */
function optional<K extends string>(read: Fields, path: FieldPath, ...keys: K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const value = read.optionalText([...path, key]);
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** Parses a ComponentSubscription. This and its siblings throw `product.manifest-invalid` with the position. */
export function parseSubscription(text: string, file = 'subscription.yaml'): ComponentSubscription {
  const read = open(text, file, 'ComponentSubscription', deliveryGroup);
  return {
    ...named(read),
    component: read.text(['spec', 'component']),
    ...optional(read, ['spec'], 'semver', 'serviceAccountName'),
    source: registry(read, ['spec', 'source']),
    ...(isMap(read.value(['spec', 'destination'])) && { destination: registry(read, ['spec', 'destination']) }),
    interval: read.optionalText(['spec', 'interval']) ?? '10m',
    verify: read.each(['spec', 'verify'], path => {
      const secret = read.optionalText([...path, 'publicKey', 'secretRef', 'name']);
      const value = read.optionalText([...path, 'publicKey', 'value']);
      if (secret === undefined && value === undefined) {
        throw read.fault([...path, 'publicKey'], 'needs secretRef or value');
      }
      return {
        name: read.text([...path, 'name']),
        ...(secret !== undefined && { publicKeySecret: secret }),
        ...(value !== undefined && { publicKeyValue: value }),
      };
    }),
  };
}

export function parseGenerator(text: string, file = 'generator.yaml'): ProductDeploymentGenerator {
  const read = open(text, file, 'ProductDeploymentGenerator', mpasGroup);
  return {
    ...named(read),
    interval: read.optionalText(['spec', 'interval']) ?? '10m',
    serviceAccountName: read.text(['spec', 'serviceAccountName']),
    subscriptionRef: named(read, ['spec', 'subscriptionRef']),
  };
}

export function parseTarget(text: string, file = 'target.yaml'): Target {
  const read = open(text, file, 'Target', mpasGroup);
  const access: FieldPath = ['spec', 'access'];
  return {
    ...named(read),
    labels: read.textMap(['metadata', 'labels']) ?? {},
    type: read.text(['spec', 'type']),
    ...optional(read, access, 'targetNamespace', 'url'),
    ...(isMap(read.value([...access, 'secretRef'])) && { accessSecretRef: named(read, [...access, 'secretRef']) }),
    ...optional(read, ['spec'], 'interval', 'serviceAccountName'),
  };
}

export function parseProject(text: string, file = 'project.yaml'): Project {
  const read = open(text, file, 'Project', mpasGroup);
  const git: FieldPath = ['spec', 'git'];
  const secret = read.optionalText([...git, 'credentials', 'secretRef', 'name']);
  const flux = read.optionalText(['spec', 'flux', 'interval']);
  return {
    ...named(read),
    git: {
      provider: read.text([...git, 'provider']),
      owner: read.text([...git, 'owner']),
      isOrganization: read.optionalFlag([...git, 'isOrganization']) ?? true,
      ...optional(read, git, 'visibility', 'domain', 'defaultBranch', 'interval', 'existingRepositoryPolicy'),
      ...(isMap(read.value([...git, 'commitTemplate'])) && {
        commitTemplate: {
          name: read.text([...git, 'commitTemplate', 'name']),
          email: read.text([...git, 'commitTemplate', 'email']),
          message: read.optionalText([...git, 'commitTemplate', 'message']) ?? '',
        },
      }),
      ...(secret !== undefined && { credentialsSecret: secret }),
    },
    ...(flux !== undefined && { flux: { interval: flux } }),
    prune: read.optionalFlag(['spec', 'prune']) ?? true,
    ...optional(read, ['spec'], 'interval'),
  };
}

/** An object as YAML; `undefined` fields are left out. */
export function manifestText(...objects: readonly object[]): string {
  return objects.map(object => stringify(object, { lineWidth: 0, keepUndefined: false })).join('---\n');
}

const secretRefOf = (name: string | undefined) => (name === undefined ? undefined : { name });
const metadataOf = ({ name, namespace }: Named, labels?: Readonly<Record<string, string>>) => ({
  name,
  namespace,
  labels: labels && Object.keys(labels).length > 0 ? labels : undefined,
});
const registryOf = (ref: RegistryRef) => ({ url: ref.url, secretRef: secretRefOf(ref.secretRef) });

/** `verify` as subscriptions and product deployments carry it. */
export function verifyField(rules: readonly VerifyRule[]): object[] {
  return rules.map(rule => ({
    name: rule.name,
    publicKey:
      rule.publicKeySecret === undefined
        ? { value: rule.publicKeyValue ?? '' }
        : { secretRef: { name: rule.publicKeySecret } },
  }));
}

export function subscriptionText(subscription: ComponentSubscription): string {
  const { component, semver, source, destination, interval, serviceAccountName, verify } = subscription;
  return manifestText({
    apiVersion: `${deliveryGroup}/v1alpha1`,
    kind: 'ComponentSubscription',
    metadata: metadataOf(subscription),
    spec: {
      interval,
      component,
      semver,
      source: registryOf(source),
      destination: destination && registryOf(destination),
      serviceAccountName,
      verify: verify.length > 0 ? verifyField(verify) : undefined,
    },
  });
}

export function generatorText(generator: ProductDeploymentGenerator): string {
  const { interval, serviceAccountName, subscriptionRef } = generator;
  return manifestText({
    apiVersion: `${mpasGroup}/v1alpha1`,
    kind: 'ProductDeploymentGenerator',
    metadata: metadataOf(generator),
    spec: { interval, serviceAccountName, subscriptionRef },
  });
}

export function targetText(target: Target): string {
  const { type, interval, targetNamespace, url, accessSecretRef, serviceAccountName } = target;
  return manifestText({
    apiVersion: `${mpasGroup}/v1alpha1`,
    kind: 'Target',
    metadata: metadataOf(target, target.labels),
    spec: { type, interval, serviceAccountName, access: { secretRef: accessSecretRef, targetNamespace, url } },
  });
}

export function projectText(project: Project): string {
  const { git, flux, prune, interval } = project;
  const { credentialsSecret, ...rest } = git;
  return manifestText({
    apiVersion: `${mpasGroup}/v1alpha1`,
    kind: 'Project',
    metadata: metadataOf(project),
    spec: {
      git: {
        ...rest,
        credentials: credentialsSecret === undefined ? undefined : { secretRef: { name: credentialsSecret } },
      },
      flux,
      prune,
      interval,
    },
  });
}
