import { Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import { Gitea, type GiteaRepository, type StatusState } from '../forge';
import { AirlockError } from '../report';
import { forgeCredentials } from './forge-credentials';

interface StatusFlags {
  readonly url: string;
  readonly repository: string;
  readonly commit: string;
  readonly state: StatusState;
  readonly context: string;
  readonly description: string;
  readonly targetUrl?: string;
}

/** Characters that a forge shows of a status' description. */
const maxDescription = 140;

/** `airlock forge`: what pipelines say to the forge. */
export function forgeCommand(): Command {
  const forge = new Command('forge').description('Talk to the forge, from a pipeline');
  forge.addCommand(setStatus());
  forge.addCommand(releaseNotes());
  return forge;
}

function setStatus(): Command {
  return new Command('set-status')
    .description("Set a commit's status")
    .requiredOption('--url <url>', "the forge's address, e.g. http://gitea.localhost:8080")
    .requiredOption('--repository <owner/name>', 'the repository')
    .requiredOption('--commit <commit>', 'the commit: a SHA, or a tag or branch that names it')
    .addOption(
      new Option('--state <state>', 'how it went')
        .choices(['pending', 'success', 'failure', 'error', 'warning'])
        .makeOptionMandatory(),
    )
    .option('--context <name>', 'which check says so; a later status of the same name replaces it', 'airlock/release')
    .option('--description <text>', 'a few words for people', '')
    .option('--target-url <url>', 'link to the log')
    .addHelpText(
      'after',
      `
Credentials are taken from AIRLOCK_FORGE_TOKEN, or AIRLOCK_FORGE_USERNAME and AIRLOCK_FORGE_PASSWORD.

Example:
  $ airlock forge set-status --url http://gitea.localhost:8080 --repository software-provider/podinfo-component \\
      --commit v1.0.0 --state success --description 'Built and signed'`,
    )
    .action(async (flags: StatusFlags) => {
      const sha = await set(flags);
      process.stdout.write(`${flags.context} is ${flags.state} on ${flags.repository}@${sha}\n`);
    });
}

interface NotesFlags {
  readonly url: string;
  readonly repository: string;
  readonly tag: string;
  readonly out: string;
}

function releaseNotes(): Command {
  return new Command('release-notes')
    .description("Write a release's text into a file; a tag without a release has none")
    .requiredOption('--url <url>', "the forge's address, e.g. http://gitea.localhost:8080")
    .requiredOption('--repository <owner/name>', 'the repository')
    .requiredOption('--tag <tag>', "the release's tag")
    .requiredOption('--out <file>', 'where to; airlock component build --release-notes reads it')
    .action(async ({ url, repository, tag, out }: NotesFlags) => {
      const release = await named(url, repository).release(tag);
      await writeFile(out, release?.body ?? '');
    });
}

async function set({ url, repository, commit, state, context, description, targetUrl }: StatusFlags): Promise<string> {
  const target = named(url, repository);
  const found = await target.commit(commit);
  if (!found) {
    throw new AirlockError({
      code: 'forge.commit-missing',
      message: `${repository} has no commit ${commit}`,
      remedy: 'Name a commit, tag or branch of this repository',
      where: url,
    });
  }
  await target.setStatus(found.sha, {
    state,
    context,
    description: description.slice(0, maxDescription),
    ...(targetUrl === undefined ? {} : { targetUrl }),
  });
  return found.sha;
}

/** Throws `forge.invalid-argument`. */
function named(url: string, repository: string): GiteaRepository {
  const [owner, name, ...more] = repository.split('/');
  if (!owner || !name || more.length > 0) {
    throw new AirlockError({
      code: 'forge.invalid-argument',
      message: `--repository ${repository} is not owner/name`,
      remedy: 'Write it as owner/name',
    });
  }
  return new Gitea({ url, credentials: forgeCredentials() }).repository(owner, name);
}
