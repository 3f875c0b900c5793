import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { version } from '@pulumi/pulumi/package.json';
import { cacheDir } from '../../images/cache';

/** Parts of Pulumi's published schema of deployments, each after those it refers to. */
const PARTS = ['property-values', 'resources', 'deployments'].map(name => `${name}.json`);

/** The Go module that has the schema, of the version of the SDK. It is Pulumi's, and not kept here. */
const MODULE = `github.com/pulumi/pulumi/sdk/v3@v${version}`;

/** The schema's folder: from the cache, or by `go mod download`. Undefined where there is no Go, or nowhere to download from. */
function schemaFolder(): string | undefined {
  const kept = path.join(cacheDir(), 'pulumi-schema', version);
  if (existsSync(kept)) return kept;
  try {
    const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' };
    const options = {
      cwd: tmpdir(),
      env,
      timeout: 50_000,
      stdio: ['ignore', 'pipe', 'ignore'] as ('ignore' | 'pipe')[],
    };
    const said = execFileSync('go', ['mod', 'download', '-json', MODULE], options).toString();
    const { Dir } = JSON.parse(said) as { Dir: string };
    mkdirSync(path.dirname(kept), { recursive: true });
    const partial = mkdtempSync(`${kept}.partial-`);
    try {
      for (const part of PARTS) copyFileSync(path.join(Dir, 'go', 'common', 'apitype', part), path.join(partial, part));
      renameSync(partial, kept);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  } catch {
    // No Go, no module proxy, or another run was first.
  }
  return existsSync(kept) ? kept : undefined;
}

type Check = (deployment: object) => string[];

function compile(folder: string): Check {
  const schemas = PARTS.map(part => {
    const text = readFileSync(path.join(folder, part), 'utf8');
    const { $anchor } = JSON.parse(text) as { $anchor?: string };
    // An anchor of the whole schema is one the validator does not find.
    const found = $anchor === undefined ? text : text.replaceAll(`"#${$anchor}"`, '"#"');
    return JSON.parse(found) as { $id: string };
  });
  // Strict mode is about how a schema is written, which is not ours to say.
  const ajv = new Ajv2020({ strict: false, allErrors: true, schemas });
  addFormats(ajv);
  const validate = ajv.getSchema(schemas.at(-1)?.$id ?? '');
  if (!validate) throw new Error('there is no schema of deployments');
  return deployment => {
    if (validate({ version: 3, deployment })) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
  };
}

let check: Check | undefined;

function checkOf(): Check {
  if (check) return check;
  const folder = schemaFolder();
  if (folder === undefined) {
    process.stdout.write(`      states are not checked: ${MODULE}, which has Pulumi's schema, is not to be had here\n`);
  }
  return (check = folder === undefined ? (): string[] => [] : compile(folder));
}

/** Fields Pulumi's own states have and its schema does not know yet. */
const NEWER = new Set(
  'created modified sourcePosition stackTrace ignoreChanges hideDiff replaceOnChanges replacementTrigger replaceWith resourceHooks taint retainOnDelete deletedWith'.split(
    ' ',
  ),
);

interface Deployment {
  readonly resources?: readonly object[];
  readonly pending_operations?: readonly { readonly resource: object; readonly type: string }[];
}

function asSchemaKnows(deployment: Deployment): object {
  const older = (resource: object): object =>
    Object.fromEntries(Object.entries(resource).filter(([field]) => !NEWER.has(field)));
  const { resources, pending_operations: pending } = deployment;
  return {
    ...deployment,
    ...(resources ? { resources: resources.map(older) } : {}),
    ...(pending
      ? { pending_operations: pending.map(({ resource, type }) => ({ resource: older(resource), type })) }
      : {}),
  };
}

/** What is wrong with a deployment by Pulumi's schema. Nothing where the schema is not to be had; that is said once. */
export const schemaProblems = (deployment: object): string[] => checkOf()(asSchemaKnows(deployment));

/**
 * Throws where a checkpoint of any stack of a file backend is not what Pulumi's schema allows: the present ones, and those that the
 * history and the backups have of every update before.
 */
export function assertValidStates(backend: string): void {
  const root = path.join(backend, '.pulumi');
  const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
  const checkpoints = files.filter(
    file =>
      /^(stacks|history|backups)\//.test(file) && /\.json(\.gz)?(\.bak)?$/.test(file) && !/\.history\.json$/.test(file),
  );
  for (const file of checkpoints) {
    const data = readFileSync(path.join(root, file));
    const text = (file.includes('.json.gz') ? gunzipSync(data) : data).toString('utf8');
    const { checkpoint } = JSON.parse(text) as { checkpoint: { latest?: object | null } };
    const problems = checkpoint.latest ? schemaProblems(checkpoint.latest) : [];
    if (problems.length > 0) throw new Error(`${file} is not valid: ${problems.slice(0, 5).join('; ')}`);
  }
}
