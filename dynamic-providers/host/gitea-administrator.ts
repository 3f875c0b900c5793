import { Gitea } from '../../forge';
import { run } from '../../images';
import { AirlockError, hasCode } from '../../report';

export interface Administrator {
  readonly username: string;
  readonly password: string;
}

export interface GiteaServer {
  /** Path of the program. */
  readonly gitea: string;
  /** Path of app.ini. */
  readonly config: string;
  readonly url: string;
  readonly home: string;
}

/**
 * Creates the administrator of a running Gitea, or gives it another password. Gitea's own command takes a password only as an
 * argument, which every user of the machine could read: the account starts with a random one that only we see.
 */
export async function ensureAdministrator(
  server: GiteaServer,
  wanted: Administrator,
  before?: Administrator,
): Promise<void> {
  const as = (credentials: Administrator): Gitea => new Gitea({ url: server.url, credentials });
  const logsIn = (credentials: Administrator): Promise<boolean> =>
    as(credentials)
      .users.current()
      .then(
        () => true,
        (error: unknown) => {
          if (hasCode(error, 'forge.unauthorized')) return false;
          throw error;
        },
      );
  if (await logsIn(wanted)) return;
  const known =
    before !== undefined && before.username === wanted.username && (await logsIn(before)) ? before : undefined;
  const current = known ?? { username: wanted.username, password: await createdPassword(server, wanted.username) };
  await as(current).users.update({
    username: wanted.username,
    email: emailOf(wanted.username),
    password: wanted.password,
    admin: true,
  });
}

const emailOf = (username: string): string => `${username}@airlock.example`;

async function createdPassword(server: GiteaServer, username: string): Promise<string> {
  const admin = (args: string[], allow: number[] = []) =>
    run(server.gitea, ['--config', server.config, 'admin', 'user', ...args], {
      cwd: server.home,
      env: { HOME: server.home },
      what: `setting up Gitea's administrator ${username}`,
      allow: [0, ...allow],
    });
  // One that an interrupted run left has a password that nobody knows. Gitea refuses to delete an account that owns something.
  await admin(['delete', '--username', username], [1]);
  const create = [
    'create',
    '--admin',
    '--username',
    username,
    '--email',
    emailOf(username),
    '--must-change-password=false',
  ];
  const { stdout } = await admin([...create, '--random-password', '--random-password-length', '32']);
  const found = /generated random password is '([^']+)'/.exec(stdout)?.[1];
  if (found === undefined) {
    throw new AirlockError({
      code: 'host.gitea-administrator',
      message: `Gitea at ${server.url} did not say the password of its new administrator ${username}`,
      remedy: 'Destroy the stack and stand it up again',
    });
  }
  return found;
}
