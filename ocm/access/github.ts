import { baseUrl } from '../../net';
import { consumerOf, consumerType } from '../../oci';
import { AirlockError } from '../../report';
import type { AccessSpec } from '../descriptor';
import type { OpenedContent } from '../repository/repository';
import type { Registries } from '../repository/space';
import { authorizationOf, downloaded, httpOf } from './download';
import { openGit, sourceTreeMediaType } from './git';
import { textField } from './types';

/**
 * The source tree of a commit, as GitHub's API packs it (what the reference digests). A server that has no such API is
 * asked by git itself. Throws `ocm.invalid-access`; reading throws `ocm.download-failed`, `oci.not-found`, `ocm.git-failed`.
 */
export function openGitHub(access: AccessSpec, registries: Registries, where: string): OpenedContent {
  const refuse = (why: string): AirlockError =>
    new AirlockError({ code: 'ocm.invalid-access', message: `the access of type ${access.type} ${why}`, where });
  const commit = textField(access, 'commit') ?? '';
  if (!/^[0-9a-f]{40}$/i.test(commit)) throw refuse('has no commit of 40 hex digits');
  const text = textField(access, 'repoUrl') ?? '';
  let repository: URL;
  try {
    repository = baseUrl(text.replace(/\.git$/, ''));
  } catch {
    throw refuse('has no usable repoUrl');
  }
  const [owner = '', name = '', ...more] = repository.pathname.split('/').slice(1);
  if (owner === '' || name === '' || more.length > 0) throw refuse('has a repoUrl that is not host/owner/repository');
  const archive = new URL(
    `repos/${owner}/${name}/tarball/${commit}`,
    apiOf(repository, textField(access, 'apiHostname')),
  );
  return {
    mediaType: sourceTreeMediaType,
    stream: async (options = {}) => {
      const authorization = await authorizationOf(registries, consumerOf(consumerType.gitHub, repository));
      const response = await httpOf(registries).request({
        url: archive,
        headers: { accept: 'application/vnd.github+json', ...(authorization === undefined ? {} : { authorization }) },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      if (response.status !== 404 || repository.hostname === 'github.com') return downloaded(response, where);
      await response.discard();
      return openGit({ repository: repository.href, commit: commit.toLowerCase() }, registries, where).stream(options);
    },
  };
}

/** GitHub's own API has a host of its own; that of an enterprise installation lies below a path. */
function apiOf(repository: URL, hostname: string | undefined): URL {
  if (repository.hostname === 'github.com') return new URL('https://api.github.com/');
  return new URL(`${repository.protocol}//${hostname ?? repository.host}/api/v3/`);
}
