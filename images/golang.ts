import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AirlockError, type Reporter, reported, silent } from '../report';
import { aptInstall } from './apt';
import { cacheDir, contentKey, ensureFolder, requireSpace, withLock } from './cache';
import { run } from './command';
import type { GoProgram } from './programs';
import { projectRoot } from './root';

export interface BuildOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** What a build runs on: containers are Linux everywhere, this machine may be another. */
export type TargetOs = 'linux' | 'darwin';

const hostOs: TargetOs = process.platform === 'darwin' ? 'darwin' : 'linux';

/** Free disk a Go build may need with its module and build caches, bytes. */
const BUILD_SPACE = 3e9;

/** The folder of a program's go.mod. */
export function toolFolder(program: GoProgram): string {
  return join(projectRoot(), 'tools', program.tool);
}

/** What makes two builds of a program the same, whatever the Go toolchain: its module, its sums, its sources and flags. */
export async function recipeKey(program: GoProgram): Promise<string> {
  const folder = toolFolder(program);
  const sources = (await readdir(folder, { recursive: true }))
    .filter(name => name === 'go.mod' || name === 'go.sum' || name.endsWith('.go'))
    .sort();
  const texts = await Promise.all(sources.map(async name => [name, await readFile(join(folder, name), 'utf8')]));
  const { binaries, tags, variables, cgo } = program;
  return contentKey(texts, binaries, tags, variables, cgo, process.arch);
}

/**
 * The folder with the program's binaries, built where it is not in the cache yet.
 * @throws `images.go-missing`, `images.build-failed` naming the program and the log file, `images.disk-full`
 */
export async function buildGo(program: GoProgram, options: BuildOptions = {}, os: TargetOs = hostOs): Promise<string> {
  const prefix = await cachePrefix(program, os);
  const built = await builtGo(program, os);
  if (built !== undefined) return built;
  const go = await goVersion();
  if (!go) throw goMissing(program);
  const cached = join('bin', `${prefix}-${go}`);
  const title = `Building ${program.name} ${program.version} from its Go module`;
  return reported(options.report ?? silent, `build/${program.name}`, title, async () => {
    await requireSpace(BUILD_SPACE, `Building ${program.name}`);
    // One Go build at a time: two of the large ones at once need more memory than small machines have.
    return withLock('bin/go-build', options.signal, () =>
      ensureFolder(cached, folder => compile(program, folder, os, options), options.signal),
    );
  });
}

/** The folder with the program's binaries where the cache has it: imported, or built by this Go or, where there is none, by any. */
export async function builtGo(program: GoProgram, os: TargetOs = hostOs): Promise<string | undefined> {
  const prefix = await cachePrefix(program, os);
  const go = await goVersion();
  const names = [join('bin', `${prefix}-imported`), go ? join('bin', `${prefix}-${go}`) : await builtElsewhere(prefix)];
  const found = names.find(name => name !== undefined && existsSync(join(cacheDir(), name)));
  return found && join(cacheDir(), found);
}

async function cachePrefix(program: GoProgram, os: TargetOs): Promise<string> {
  return `${program.name}-${await recipeKey(program)}${os === 'linux' ? '' : `-${os}`}`;
}

/** The source folder of a module a program's go.mod requires, downloaded if need be. */
export async function moduleFolder(program: GoProgram, module: string, signal?: AbortSignal): Promise<string> {
  const logFile = join(cacheDir(), 'logs', `${program.name}.log`);
  const cwd = toolFolder(program);
  const env = goEnvironment(false);
  await run('go', ['mod', 'download', module], { cwd, env, signal, logFile, what: `downloading ${module}` });
  const { stdout } = await run('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd, env, signal, logFile });
  return stdout.trim();
}

async function compile(program: GoProgram, folder: string, os: TargetOs, options: BuildOptions): Promise<void> {
  const { signal } = options;
  if (program.cgo) await requireCompiler(program, os, options);
  const logFile = join(cacheDir(), 'logs', `${program.name}.log`);
  const variables = Object.entries(program.variables ?? {}).map(([name, value]) => `-X '${name}=${value}'`);
  const linking = program.cgo ? [`-linkmode external -extldflags '-static'`] : [];
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s -w', ...linking, ...variables].join(' ')];
  // What debuggers want is not linked anyway: a sixth of the compiler's work.
  flags.push('-gcflags', 'all=-dwarf=false');
  if (program.tags) flags.push('-tags', program.tags.join(','));
  try {
    for (const { output, packages } of invocations(program, folder)) {
      await run('nice', ['go', 'build', ...flags, '-o', output, ...packages], {
        cwd: toolFolder(program),
        env: { ...goEnvironment(program.cgo ?? false), GOOS: os },
        signal,
        logFile,
        what: `go build ${packages.join(' ')}`,
      });
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new AirlockError({
      code: 'images.build-failed',
      message: `Building ${program.name} ${program.version} failed: ${error instanceof Error ? error.message : String(error)}`,
      remedy: `Read ${logFile}; what was built so far is kept, the next run continues${program.cgo ? ' (it needs a C compiler: gcc and libc6-dev)' : ''}`,
      where: logFile,
      cause: error,
    });
  }
}

/** One for all binaries, so that one is linked while another is compiled; go names each after the end of its path. */
function invocations({ binaries }: GoProgram, folder: string): { output: string; packages: string[] }[] {
  const entries = Object.entries(binaries);
  if (entries.length > 1 && entries.every(([file, path]) => basename(path) === file))
    return [{ output: `${folder}/`, packages: entries.map(([, path]) => path) }];
  return entries.map(([file, path]) => ({ output: join(folder, file), packages: [path] }));
}

/** SQLite is written in C. As root on Debian the compiler is installed; nobody else can be helped but by a message. */
async function requireCompiler(program: GoProgram, os: TargetOs, options: BuildOptions): Promise<void> {
  const found = await run('gcc', ['--version']).catch(() => undefined);
  if (found && os === hostOs) return;
  if (!found && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0)
    return aptInstall(['gcc', 'libc6-dev'], options);
  throw new AirlockError({
    code: 'images.compiler-missing',
    message: `${program.name} ${program.version} needs a C compiler for ${os}, and there is none`,
    remedy: `Install gcc, or take the image from a registry ('airlock images build --from REGISTRY') or an archive ('airlock images import FILE')`,
  });
}

/** A fixed environment, so that a developer's GOFLAGS or workspace changes nothing. */
function goEnvironment(cgo: boolean): Record<string, string> {
  return {
    CGO_ENABLED: cgo ? '1' : '0',
    GOFLAGS: '',
    GOWORK: 'off',
    GO111MODULE: 'on',
    GOTOOLCHAIN: process.env['GOTOOLCHAIN'] ?? 'local',
  };
}

let version: Promise<string | undefined> | undefined;

/** `go1.26.8`, or undefined where there is no Go. */
export function goVersion(): Promise<string | undefined> {
  version ??= run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: process.env['GOTOOLCHAIN'] ?? 'local' } }).then(
    result => result.stdout.trim() || undefined,
    () => undefined,
  );
  return version;
}

/** Without Go, binaries that some Go built (an imported archive) serve. */
async function builtElsewhere(prefix: string): Promise<string | undefined> {
  const names = await readdir(join(cacheDir(), 'bin')).catch(() => []);
  const name = names.find(candidate => /-go[0-9.]+$/.test(candidate) && candidate.startsWith(`${prefix}-`));
  return name ? join('bin', name) : undefined;
}

function goMissing(program: GoProgram): AirlockError {
  return new AirlockError({
    code: 'images.go-missing',
    message: `${program.name} ${program.version} is built from its Go module, and there is no Go toolchain`,
    remedy: "Install Go 1.26 or newer, or bring the programs with 'airlock images import FILE'",
  });
}
