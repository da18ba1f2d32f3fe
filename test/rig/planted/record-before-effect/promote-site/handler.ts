import { defineStep } from '../../../../../functions/_runtime/handler.ts';
import { promoteSite } from '../../../../../lib/steps/promote-site.ts';

/** Planted: the step is recorded as done as soon as its helper was asked. */
export const handler = defineStep(() => ({
  ...promoteSite,
  run: async (world) => {
    const { because } = await promoteSite.run(world);
    return { outcome: 'done', because, data: { dags: [], promotedAt: world.now().toISOString() } };
  },
}));
