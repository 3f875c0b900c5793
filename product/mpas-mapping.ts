import type { MpasInstallation } from './mpas';

/** One object of an MPAS installation, and what stands for it here. */
export interface MpasMapping {
  readonly file: string;
  /** `ComponentSubscription podinfo-subscription`. */
  readonly from: string;
  /** What it becomes; `read as it is` where the file itself is obeyed. */
  readonly to: string;
  /** What a person should know or do; empty: nothing. */
  readonly note: string;
}

export interface MpasImport {
  readonly mappings: readonly MpasMapping[];
  /** Settings of a consumer stack, by key without the namespace `airlock:`. Text, or a list of products. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Says what each object of an installation maps to, and with which settings a stack takes it over. Pure. */
export function mapMpas(installation: MpasInstallation): MpasImport {
  const { projects, subscriptions, generators, targets, deployments, cueValues, others } = installation;
  const mappings: MpasMapping[] = [];
  const add = (file: string, from: string, to: string, note = ''): void => void mappings.push({ file, from, to, note });
  for (const { file, object } of projects)
    add(
      file,
      `Project ${object.name}`,
      `project mpas-${object.name}`,
      `repository of ${object.git.owner} on ${object.git.provider}`,
    );
  for (const { file, object } of subscriptions) {
    const used = generators.filter(each => each.object.subscriptionRef.name === object.name);
    const names = used.map(each => each.object.name);
    const expected = names[0] === undefined ? undefined : `subscriptions/${names[0]}.yaml`;
    const notes = [
      ...(names.length === 0 ? ['no generator uses it: nothing is deployed'] : []),
      ...(expected !== undefined && !file.endsWith(expected) ? [`move it to ${expected}, where it is looked for`] : []),
      ...(object.verify.length === 0 ? ['it verifies no signature: every release is signed here, name one'] : []),
      ...(object.destination === undefined ? ['it has no destination: the stack’s registry is used'] : []),
    ];
    add(file, `ComponentSubscription ${object.name}`, 'read as it is (ocm.Replication)', notes.join('; '));
  }
  for (const { file, object } of generators) {
    const found = subscriptions.some(each => each.object.name === object.subscriptionRef.name);
    const expected = `generators/${object.name}.yaml`;
    const notes = [
      ...(found ? [] : [`its subscription ${object.subscriptionRef.name} is not among the files`]),
      ...(file.endsWith(expected) ? [] : [`move it to ${expected}, where it is looked for`]),
    ];
    add(file, `ProductDeploymentGenerator ${object.name}`, `product ${object.name}`, notes.join('; '));
  }
  for (const { file, object } of targets) {
    const known = ['kubernetes', 'ocirepository'].includes(object.type.toLowerCase());
    const notes = [
      ...(known ? [] : [`type ${object.type} is not supported`]),
      ...(/(^|\/)targets\//.test(file) ? [] : ['move it below targets/, where targets are looked for']),
    ];
    add(file, `Target ${object.name}`, 'read as it is', notes.join('; '));
  }
  for (const { file, object } of deployments)
    add(
      file,
      `ProductDeployment ${object.name}`,
      `products/${object.name}`,
      `${object.component}:${object.version} is proposed once, with lock.yaml and flux.yaml; values.yaml is merged into it`,
    );
  for (const file of cueValues)
    add(
      file,
      'config.cue',
      file.replace(/config\.cue$/, 'values.yaml'),
      'export it: cue export --out yaml, below the name of its pipeline',
    );
  for (const { file, what, reason, readable } of others)
    add(file, what, readable ? 'not needed' : 'cannot be read', reason);
  return { mappings, settings: settingsOf(installation) };
}

function settingsOf({ projects, subscriptions, generators, targets }: MpasInstallation): Record<string, unknown> {
  const products = generators.flatMap(({ object }) => {
    const subscription = subscriptions.find(each => each.object.name === object.subscriptionRef.name)?.object;
    if (subscription === undefined) return [];
    return [{ name: object.name, component: subscription.component, semver: subscription.semver ?? '*' }];
  });
  const [first, ...more] = products;
  const project = projects[0]?.object;
  const target = targets.find(each => each.object.targetNamespace !== undefined)?.object;
  const signature = subscriptions.flatMap(each => each.object.verify)[0]?.name;
  return {
    role: 'consumer',
    ...(project && {
      project: project.name,
      consumerOrganization: project.git.owner,
      projectRepository: `mpas-${project.name}`,
    }),
    ...(first && { product: first.name, component: first.component, semver: first.semver }),
    ...(more.length > 0 && { moreProducts: more }),
    ...(target?.targetNamespace !== undefined && { targetNamespace: target.targetNamespace }),
    ...(signature !== undefined && { signature }),
  };
}
