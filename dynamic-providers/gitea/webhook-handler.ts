import { isDeepStrictEqual } from 'node:util';
import { hasCode } from '../../report';
import type { Gitea, Webhook } from '../../forge';
import { isUnknown, served, type Unchecked } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly owner: string;
  readonly repository: string;
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
  readonly active: boolean;
  readonly branchFilter: string;
}

interface Outputs {
  readonly webhookId: number;
}

class WebhookHandler extends ForgeHandler<Inputs, Webhook, Outputs> {
  protected readonly identity = ['owner', 'repository'] as const;
  protected readonly required = ['owner', 'repository', 'url', 'secret'] as const;
  protected override readonly defaults = { active: true, branchFilter: '*' };

  protected override refuse({ events, url }: Unchecked<Inputs>) {
    const failures = [];
    if (!isUnknown(events) && !(Array.isArray(events) && events.length > 0)) {
      failures.push({ property: 'events', reason: 'events must name at least one, e.g. release' });
    }
    if (typeof url === 'string' && !isUnknown(url) && !URL.canParse(url))
      failures.push({ property: 'url', reason: `url is not a URL: ${url}` });
    return failures;
  }

  protected idOf(inputs: Inputs) {
    return `${inputs.owner}/${inputs.repository}/${inputs.url}`;
  }

  /** By its number, and where that is not known or gone, by its URL. */
  protected async find(forge: Gitea, inputs: Inputs, olds?: Inputs & Outputs) {
    const repository = forge.repository(inputs.owner, inputs.repository);
    const known = olds?.webhookId === undefined ? undefined : await repository.webhook(olds.webhookId);
    if (known) return known;
    try {
      return (await repository.webhooks()).find(hook => hook.url === inputs.url);
    } catch (error) {
      // No repository, no webhook: its creation will say what is missing.
      if (hasCode(error, 'forge.not-found')) return undefined;
      throw error;
    }
  }

  protected differs(found: Webhook, wanted: Inputs) {
    return (
      found.url !== wanted.url ||
      found.active !== wanted.active ||
      found.branchFilter !== wanted.branchFilter ||
      !isDeepStrictEqual(found.events, [...wanted.events].sort())
    );
  }

  protected override hiddenChange(inputs: Inputs, olds: Inputs | undefined) {
    return olds?.secret !== inputs.secret;
  }

  protected apply(forge: Gitea, inputs: Inputs, found: Webhook | undefined) {
    const repository = forge.repository(inputs.owner, inputs.repository);
    return found ? repository.updateWebhook(found.id, inputs) : repository.createWebhook(inputs);
  }

  protected remove(forge: Gitea, props: Inputs & Outputs) {
    return forge.repository(props.owner, props.repository).deleteWebhook(props.webhookId);
  }

  protected outputs(found: Webhook) {
    return { webhookId: found.id };
  }

  protected override inputsFound({ url, events, active, branchFilter }: Webhook) {
    return { url, events, active, branchFilter };
  }
}

export const { check, diff, create, update, read, remove } = served(new WebhookHandler());
export { remove as delete };
