import type { World } from '../ports/world.ts';

/**
 * Pages people, and goes on when nobody can be paged: a topic that fails must not stop a failover. What people have to
 * know stands in the op's record, too, and the alarms read it from there.
 */
export async function tellPeople(world: World, message: { subject: string; text: string }): Promise<void> {
  try {
    await world.pager.page(message);
  } catch (error) {
    world.log.error({ subject: message.subject, error: String(error) }, 'people could not be paged');
  }
}
