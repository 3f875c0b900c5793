export { airlock, PODINFO_FOLDER, releaseRunner } from './airlock';
export { node, BUNDLED_CNI_LABEL } from './node';
export { gitea, ingress, kustomizeController, registry } from './services';
export type { ImageRecipe, Recipe, RecipeContext } from './recipe';
