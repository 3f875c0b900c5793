import type { Registration, Scenario, ScenarioStep } from './scenario';

/** Forms whose effect is not confined to a space: configuration and stack references are everybody's. */
const COMMON = /"(config|configSecret|configObject|configNumber|configSecretObject|stackOutput|requireStackOutput)":/;

const isConfined = ({ kind, how }: Registration): boolean =>
  (kind === 'thing' || kind === 'group') && how?.module === undefined && (kind === 'thing' || !how?.type);

function canShare({ program, flags, before, expect }: ScenarioStep): boolean {
  const { resources = [], outputs = {}, ...rest } = program ?? {};
  return (
    flags === undefined &&
    expect.fails === undefined &&
    expect.warns === undefined &&
    !before?.config &&
    !before?.state &&
    before?.undeletable === undefined &&
    Object.keys(rest).length === 0 &&
    resources.every(isConfined) &&
    // It would outlast its scenario, and break the end of a longer one.
    !resources.some(({ opts }) => opts?.['protect'] === true) &&
    !COMMON.test(JSON.stringify([resources, outputs]))
  );
}

const courseOf = ({ steps }: Scenario): string => steps.map(({ run, stack = 'dev' }) => `${run} ${stack};`).join('');

/**
 * Scenarios that can be run together: the same operations in the same order, without flags and failures, and nothing that another one
 * would notice. A scenario that ends earlier may be part of a longer course.
 */
export function byCourse(scenarios: readonly Scenario[], most = 30): Scenario[][] {
  const isShared = ({ steps, differs }: Scenario): boolean => differs === undefined && steps.every(canShare);
  const alone = scenarios.filter(scenario => !isShared(scenario));
  const together = scenarios.filter(isShared);
  const groups: { course: string; members: Scenario[] }[] = [];
  for (const scenario of together.sort((a, b) => b.steps.length - a.steps.length)) {
    const course = courseOf(scenario);
    const group = groups.find(known => known.course.startsWith(course) && known.members.length < most);
    if (group) group.members.push(scenario);
    else groups.push({ course, members: [scenario] });
  }
  return [...groups.map(({ members }) => members), ...alone.map(scenario => [scenario])];
}
