import { Command } from 'commander';
import { buildCommand } from './component/build';
import { checkCommand } from './component/check';
import { downloadCommand } from './component/download';
import { getCommand } from './component/get';
import { hashCommand } from './component/hash';
import { keygenCommand } from './component/keygen';
import { referencesCommand } from './component/references';
import { resourcesCommand } from './component/resources';
import { signCommand } from './component/sign';
import { transferCommand } from './component/transfer';
import { treeCommand } from './component/tree';
import { verifyCommand } from './component/verify';

/** `airlock component`: build, sign, verify and carry component versions, with the flags of the `ocm` command line. */
export function componentCommand(): Command {
  const component = new Command('component')
    .description('Build, sign, verify and transfer component versions')
    .addHelpText(
      'after',
      `
References:
  registry.example[:port][/path]//component[:version]    in a registry
  path/to/archive[.tar|.tgz]//component[:version]        in a transport archive

Without version all versions are meant, or the newest where one is needed; without component all of an archive.
Credentials are those of the docker configuration (DOCKER_CONFIG), or of AIRLOCK_REGISTRY_AUTH (the text of such a file).`,
    );
  const commands = [
    buildCommand(),
    signCommand(),
    verifyCommand(),
    transferCommand(),
    getCommand(),
    resourcesCommand(),
    referencesCommand(),
    treeCommand(),
    downloadCommand(),
    hashCommand(),
    checkCommand(),
    keygenCommand(),
  ];
  for (const each of commands) component.addCommand(each);
  return component;
}
