import { Command } from 'commander';
import { mustAsk } from './ask';
import { readFileSync } from 'node:fs';
import type { ImportRequest } from '../engine';
import { operationFlags, operationOptions, stackOf, usage } from './engine-options';
import type { OperationFlags } from './engine-options';
import { importedCode } from './imported-code';
import { offer } from './operation';

interface ImportFlags extends OperationFlags {
  readonly file?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly protect?: boolean;
  readonly generateCode?: boolean;
  readonly previewOnly?: boolean;
}

interface ImportFile {
  readonly nameTable?: Readonly<Record<string, string>>;
  readonly resources?: readonly {
    readonly type: string;
    readonly name: string;
    readonly id?: string;
    readonly parent?: string;
    readonly provider?: string;
    readonly version?: string;
    readonly component?: boolean;
  }[];
}

/** `airlock import`: takes over resources that exist, and prints the program text they need. */
export function importCommand(): Command {
  return operationFlags(
    new Command('import')
      .description('Take over resources that exist')
      .argument('[type]', 'e.g. kubernetes:core/v1:ConfigMap')
      .argument('[name]', 'its name in the program')
      .argument('[id]', 'its ID, e.g. namespace/name'),
  )
    .option('--file <file>', "several at once, from Pulumi's JSON form of them")
    .option('--parent <urn>', 'the parent')
    .option('--provider <urn::id>', 'the provider (default: that of the package)')
    .option('--no-protect', 'let it be deleted without unprotecting it first')
    .option('--no-generate-code', 'do not print program text')
    .option('--preview-only', 'only show what would be imported')
    .option('-f, --skip-preview', 'do not preview first')
    .addHelpText(
      'after',
      `
Examples:
  $ airlock import kubernetes:core/v1:ConfigMap settings demo/settings --yes
  $ airlock import --file resources.json --yes

The file: {"nameTable": {"mine": "<urn>"}, "resources": [{"type": "...", "name": "...", "id": "...", "parent": "mine"}]}`,
    )
    .action(async (type: string | undefined, name: string | undefined, id: string | undefined, flags: ImportFlags) => {
      const imports = flags.file === undefined ? [single(type, name, id, flags)] : fromFile(flags.file, flags);
      mustAsk(flags, 'import');
      const stack = await stackOf(flags, { create: true });
      const result = await offer({
        command: 'import',
        flags,
        options: operationOptions(flags),
        question: 'Do you want to perform this import?',
        work: (options, preview) => stack.importResources(imports, { ...options, preview }),
      });
      if (!result || flags.json || flags.generateCode === false) return;
      const code = result.changes.flatMap(step => (step.op === 'import' ? importedCode(step) : []));
      if (code.length > 0) process.stdout.write(`Add this to the program:\n\n${code.join('\n')}\n`);
    });
}

function single(
  type: string | undefined,
  name: string | undefined,
  id: string | undefined,
  flags: ImportFlags,
): ImportRequest {
  if (type === undefined || name === undefined || id === undefined) {
    throw usage('airlock import needs a type, a name and an ID, or --file');
  }
  const { parent, provider, protect } = flags;
  return {
    type,
    name,
    id,
    ...(parent === undefined ? {} : { parent }),
    ...(provider === undefined ? {} : { provider }),
    ...(protect === undefined ? {} : { protect }),
  };
}

function fromFile(file: string, flags: ImportFlags): ImportRequest[] {
  let json: ImportFile;
  try {
    json = JSON.parse(readFileSync(file, 'utf8')) as ImportFile;
  } catch (error) {
    throw usage(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const named = (what: string, name: string): string => {
    const urn = json.nameTable?.[name];
    if (urn === undefined) throw usage(`${file}: the ${what} ${name} is not in the nameTable`);
    return urn;
  };
  return (json.resources ?? []).map(({ type, name, id, parent, provider, version, component }) => {
    if (!type || !name || (!id && !component)) throw usage(`${file}: a resource needs a type, a name and an id`);
    return {
      type,
      name,
      id: id ?? '',
      ...(parent === undefined ? {} : { parent: named('parent', parent) }),
      ...(provider === undefined ? {} : { provider: named('provider', provider) }),
      ...(version === undefined ? {} : { version }),
      ...(component === undefined ? {} : { component }),
      ...(flags.protect === undefined ? {} : { protect: flags.protect }),
    };
  });
}
