import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { chown, copyFile, cp, link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Gitea } from '../../forge';
import { anyFreePort } from '../../host';
import { cacheDir } from '../../images';
import { defaultHttpClient } from '../../net';

/** What is needed to run a real Gitea: its binary, and the folder with its templates, options and public files. */
export interface GiteaProgram {
  readonly binary: string;
  readonly staticRoot: string;
}

export interface RunningGitea {
  /** `http://gitea.localhost:<port>` */
  readonly url: string;
  readonly port: number;
  readonly admin: { readonly username: string; readonly password: string };
  /** As the administrator. */
  readonly forge: Gitea;
  /** Gives a repository another name, as its owner does in the forge's settings. */
  readonly rename: (owner: string, from: string, to: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const admin = { username: 'ocm-admin', password: 'password' };
/** The unprivileged account that owns nothing; Gitea refuses to run as root. */
const nobody = { uid: 65534, gid: 65534, name: 'nobody' };

/** The newest Gitea in Airlock's cache. Undefined when there is none; tests that need it say so and are skipped. */
export async function giteaProgram(): Promise<GiteaProgram | undefined> {
  const binary = await newest('bin', 'gitea');
  const staticRoot = await newest('share', 'templates');
  return binary && staticRoot ? { binary, staticRoot: join(staticRoot, '..') } : undefined;
}

async function newest(section: string, file: string): Promise<string | undefined> {
  const parent = join(cacheDir(), section);
  const found: { path: string; time: number }[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    const path = join(parent, name, file);
    if (/^gitea-[\w.-]+$/.test(name) && !name.includes('.partial') && existsSync(path)) {
      found.push({ path, time: (await stat(path)).mtimeMs });
    }
  }
  return found.sort((a, b) => b.time - a.time)[0]?.path;
}

/** Starts Gitea on a free loopback port with a fresh database; ready when it answers. */
export async function startGitea(program: GiteaProgram): Promise<RunningGitea> {
  const home = await mkdtemp(join(tmpdir(), 'airlock-gitea-'));
  const asRoot = process.getuid?.() === 0;
  const account = asRoot ? nobody.name : userInfo().username;
  const binary = join(home, 'gitea');
  // A link or copy, since the cache may be in a home directory that the unprivileged account cannot enter.
  await link(program.binary, binary).catch(() => copyFile(program.binary, binary));
  const staticRoot = join(home, 'static');
  for (const folder of ['templates', 'options', 'public']) {
    await cp(join(program.staticRoot, folder), join(staticRoot, folder), { recursive: true });
  }
  const port = await anyFreePort();
  const url = `http://gitea.localhost:${port}`;
  const config = join(home, 'app.ini');
  await mkdir(join(home, 'data'));
  await writeFile(config, configuration({ home, staticRoot, port, url, account }));
  if (asRoot) for (const path of [home, config, join(home, 'data')]) await chown(path, nobody.uid, nobody.gid);

  const run = (args: string[], output: 'pipe' | 'ignore'): ChildProcess =>
    spawn(binary, ['--config', config, ...args], {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home, USER: account, GITEA_WORK_DIR: home },
      stdio: ['ignore', output, output],
      ...(asRoot ? { uid: nobody.uid, gid: nobody.gid } : {}),
    });
  const done = async (args: string[]) => {
    const child = run(args, 'pipe');
    let said = '';
    child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`gitea ${args.slice(0, 3).join(' ')} ended with ${code}: ${said.slice(-2000)}`);
  };
  await done(['migrate']);
  await done(
    ['admin', 'user', 'create', '--admin', '--username', admin.username, '--password', admin.password].concat([
      '--email',
      'ocm-admin@airlock.example',
      '--must-change-password=false',
    ]),
  );

  const server = run(['web'], 'pipe');
  const log = createWriteStream(join(home, 'web.log'));
  server.stdout?.pipe(log);
  server.stderr?.pipe(log);
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const closed = once(server, 'close');
      server.kill('SIGTERM');
      const impatient = setTimeout(() => server.kill('SIGKILL'), 10_000);
      await closed;
      clearTimeout(impatient);
    }
    await rm(home, { recursive: true, force: true });
  };
  const forge = new Gitea({ url, credentials: admin });
  try {
    await Promise.race([
      forge.ready(60_000),
      once(server, 'exit').then(async () => {
        throw new Error(`gitea ended at once: ${(await readFile(join(home, 'web.log'), 'utf8')).slice(-2000)}`);
      }),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  const rename = async (owner: string, from: string, to: string): Promise<void> => {
    const login = Buffer.from(`${admin.username}:${admin.password}`).toString('base64');
    const response = await defaultHttpClient().request({
      method: 'PATCH',
      url: `${url}/api/v1/repos/${owner}/${from}`,
      headers: { authorization: `Basic ${login}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: to }),
    });
    await response.discard();
    if (response.status !== 200) throw new Error(`${owner}/${from} is not renamed: ${response.status}`);
  };
  return { url, port, admin, forge, rename, stop };
}

function configuration(at: { home: string; staticRoot: string; port: number; url: string; account: string }): string {
  return `APP_NAME = Airlock test
RUN_USER = ${at.account}
RUN_MODE = prod
WORK_PATH = ${at.home}
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${at.port}
ROOT_URL = ${at.url}/
LOCAL_ROOT_URL = http://127.0.0.1:${at.port}/
STATIC_ROOT_PATH = ${at.staticRoot}
APP_DATA_PATH = ${at.home}/data
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = ${at.home}/data/gitea.db
SQLITE_TIMEOUT = 10000
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = ${at.home}/data/repositories
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
SECRET_KEY = airlock-test
INTERNAL_TOKEN = eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYmYiOjE3MDAwMDAwMDB9.N1y0nD6gk0nq0O1v0X8m0H9m1n2b3c4d5e6f7a8b9c0
PASSWORD_HASH_ALGO = pbkdf2$1000$50
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = *
[log]
MODE = console
LEVEL = Warn
[actions]
ENABLED = false
[indexer]
REPO_INDEXER_ENABLED = false
[cron]
ENABLED = false
[session]
PROVIDER = memory
[picture]
DISABLE_GRAVATAR = true
`;
}
