import { Command } from 'commander';

/** A command as the help lists it; what defines it is loaded when it is asked for, so that `get` starts without a signer. */
interface Entry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description: string;
  readonly define: () => (command: Command) => void;
}

const groups: Readonly<Record<string, readonly Entry[]>> = {
  'See what is there:': [
    {
      name: 'get',
      aliases: ['list'],
      description: 'List component versions, or with -o yaml their descriptors',
      define: () => (require('./component/get') as typeof import('./component/get')).getCommand,
    },
    {
      name: 'resources',
      aliases: ['resource', 'res'],
      description: 'List the resources of component versions',
      define: () => (require('./component/resources') as typeof import('./component/resources')).resourcesCommand,
    },
    {
      name: 'sources',
      aliases: ['source', 'src'],
      description: 'List the sources of component versions',
      define: () => (require('./component/sources') as typeof import('./component/sources')).sourcesCommand,
    },
    {
      name: 'references',
      aliases: ['reference', 'refs'],
      description: 'List what component versions refer to',
      define: () => (require('./component/references') as typeof import('./component/references')).referencesCommand,
    },
    {
      name: 'tree',
      description: 'Show component versions with their resources and references, nested',
      define: () => (require('./component/tree') as typeof import('./component/tree')).treeCommand,
    },
    {
      name: 'diff',
      description: 'Show what changed between two component versions',
      define: () => (require('./component/diff') as typeof import('./component/diff')).diffCommand,
    },
  ],
  'Make and move:': [
    {
      name: 'build',
      aliases: ['add'],
      description: 'Build component versions from constructor files',
      define: () => (require('./component/build') as typeof import('./component/build')).buildCommand,
    },
    {
      name: 'transfer',
      description: 'Copy component versions into another repository; signatures stay valid',
      define: () => (require('./component/transfer') as typeof import('./component/transfer')).transferCommand,
    },
    {
      name: 'download',
      description: 'Write the content of resources to files and folders',
      define: () => (require('./component/download') as typeof import('./component/download')).downloadCommand,
    },
  ],
  'Trust:': [
    {
      name: 'keygen',
      description: 'Make an RSA key pair for signing',
      define: () => (require('./component/keygen') as typeof import('./component/keygen')).keygenCommand,
    },
    {
      name: 'sign',
      description: 'Sign component versions; digests of resources and references are filled in',
      define: () => (require('./component/sign') as typeof import('./component/sign')).signCommand,
    },
    {
      name: 'verify',
      description: 'Verify signatures: every resource is fetched and digested again, through references too',
      define: () => (require('./component/verify') as typeof import('./component/verify')).verifyCommand,
    },
    {
      name: 'check',
      description: 'Check that component versions are complete and what they name can be had',
      define: () => (require('./component/check') as typeof import('./component/check')).checkCommand,
    },
    {
      name: 'hash',
      description: 'Show the digests that are signed, computed anew from the content',
      define: () => (require('./component/hash') as typeof import('./component/hash')).hashCommand,
    },
  ],
};

/** `airlock component`: build, sign, verify and carry component versions, with the flags of the `ocm` command line. */
export function componentCommand(): Command {
  const component = new Command('component')
    .description('Build, sign, verify and transfer component versions')
    .addHelpText(
      'after',
      `
References, as the ocm command line writes them:
  registry.example[:port][/path]//component[:version]                in a registry (OCIRegistry::..., oci::...)
  path/to/archive[.tar|.tgz]//component[:version]                    in a transport archive
  CommonTransportFormat::, ctf::, directory::, tar::, tgz::          say so where it cannot be seen

Without version all versions are meant, or the newest where one is needed; without component all of an archive.
Credentials: --cred, the OCM configuration (--config, ~/.ocmconfig), AIRLOCK_REGISTRY_AUTH (the text of a docker
configuration), the docker configuration (--registry-config, DOCKER_CONFIG). Reference: docs/component-cli.md`,
    );
  const pending = new Map<Command, Entry>();
  for (const [group, entries] of Object.entries(groups)) {
    for (const entry of entries) {
      const command = component
        .command(entry.name)
        .description(entry.description)
        .aliases(entry.aliases ?? []);
      pending.set(command.helpGroup(group), entry);
    }
  }
  component.hook('preSubcommand', (_parent, command) => {
    pending.get(command)?.define()(command);
    pending.delete(command);
  });
  return component;
}
