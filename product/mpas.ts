import { parseAllDocuments } from 'yaml';
import { messageOf } from '../report';
import { Fields } from './fields';
import {
  deliveryGroup,
  mpasGroup,
  parseGenerator,
  parseProject,
  parseSubscription,
  parseTarget,
  type ComponentSubscription,
  type ProductDeploymentGenerator,
  type Project,
  type Target,
} from './manifests';

/** A product as an MPAS installation deploys it. */
export interface MpasDeployment {
  readonly name: string;
  readonly component: string;
  readonly version: string;
  readonly registry: string;
}

interface Found<T> {
  readonly file: string;
  readonly object: T;
}

/** What the files of an MPAS installation hold, each with its place. */
export interface MpasInstallation {
  readonly projects: readonly Found<Project>[];
  readonly subscriptions: readonly Found<ComponentSubscription>[];
  readonly generators: readonly Found<ProductDeploymentGenerator>[];
  readonly targets: readonly Found<Target>[];
  readonly deployments: readonly Found<MpasDeployment>[];
  /** Folders with values as an earlier generation wrote them: `products/<name>/config.cue`. */
  readonly cueValues: readonly string[];
  /** Objects of MPAS that nothing stands for here, and files that cannot be read; with the reason. */
  readonly others: readonly {
    readonly file: string;
    readonly what: string;
    readonly reason: string;
    readonly readable: boolean;
  }[];
}

/** Why a kind of the controllers needs no manifest here. */
const replaced: Readonly<Record<string, string>> = {
  ComponentVersion: 'the lock of the product names version and digest',
  Resource: 'resources are read when a proposal is rendered',
  Localization: 'snapshots are rendered before the pull request is opened',
  Configuration: 'snapshots are rendered before the pull request is opened',
  Snapshot: 'snapshots lie in the registry, pinned by lock.yaml',
  FluxDeployer: 'flux.yaml holds the OCIRepository and the Kustomization',
  Sync: 'the resource product.Sync keeps a folder of Git as an artifact is',
  Repository: 'the stack manages the repository',
  ProductDeploymentPipeline: 'the pipelines are read from the product description',
  Validation: 'proposals are validated by airlock, as the check airlock/validation',
  ProductDescription: 'it is read from the component',
};

/** Reads the manifests of an MPAS installation as they are. `files`: text by path, of one repository or of several. */
export function readMpas(files: ReadonlyMap<string, string>): MpasInstallation {
  const found = {
    projects: [] as Found<Project>[],
    subscriptions: [] as Found<ComponentSubscription>[],
    generators: [] as Found<ProductDeploymentGenerator>[],
    targets: [] as Found<Target>[],
    deployments: [] as Found<MpasDeployment>[],
    cueValues: [] as string[],
    others: [] as { file: string; what: string; reason: string; readable: boolean }[],
  };
  const readers: Readonly<Record<string, (text: string, file: string) => void>> = {
    Project: (text, file) => found.projects.push({ file, object: parseProject(text, file) }),
    ComponentSubscription: (text, file) => found.subscriptions.push({ file, object: parseSubscription(text, file) }),
    ProductDeploymentGenerator: (text, file) => found.generators.push({ file, object: parseGenerator(text, file) }),
    Target: (text, file) => found.targets.push({ file, object: parseTarget(text, file) }),
    ProductDeployment: (text, file) => found.deployments.push({ file, object: deploymentOf(text, file) }),
  };
  for (const [file, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (/\/config\.cue$/.test(file)) found.cueValues.push(file);
    if (!/\.ya?ml$/.test(file)) continue;
    for (const { kind, document } of mpasDocuments(text)) {
      const reason = replaced[kind];
      try {
        if (reason !== undefined) found.others.push({ file, what: kind, reason, readable: true });
        else if (readers[kind]) readers[kind](document, file);
        else found.others.push({ file, what: kind, reason: 'this kind is not known', readable: false });
      } catch (error) {
        found.others.push({ file, what: kind, reason: messageOf(error), readable: false });
      }
    }
  }
  return found;
}

/** The documents of a file that belong to MPAS; a file that is no YAML, or belongs to somebody else, has none. */
function mpasDocuments(text: string): { kind: string; document: string }[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).flatMap(document => {
    if (document.errors.length > 0) return [];
    const version = document.get('apiVersion');
    const group = typeof version === 'string' ? version.split('/')[0] : undefined;
    const kind = document.get('kind');
    if (typeof kind !== 'string' || (group !== deliveryGroup && group !== mpasGroup)) return [];
    return [{ kind, document: document.toString() }];
  });
}

function deploymentOf(text: string, file: string): MpasDeployment {
  const read = Fields.of(text, file, {
    code: 'product.manifest-invalid',
    message: 'The ProductDeployment is not valid',
    remedy: 'Correct the manifest in the repository.',
  });
  return {
    name: read.text(['metadata', 'name']),
    component: read.text(['spec', 'component', 'name']),
    version: read.text(['spec', 'component', 'version']),
    registry: read.text(['spec', 'component', 'registry', 'url']),
  };
}
