// The trained model that a training run learns from.

import { imagenetClasses, type Dataset, type Preprocessing } from "../data/index.js";
import { DataError, short } from "../errors.js";
import type { Loss } from "../nn/index.js";
import type { Task } from "../train/index.js";
import { openModel, type TrainedModel } from "./open-model.js";
import type { StartingWeights } from "./starting-weights.js";
import type { TrainArguments } from "./train-arguments.js";

/**
 * The teacher that the arguments name, if any.
 * @throws DataError if it does not exist, or has other classes than the dataset
 */
export async function openTeacher(
  { teacher: path, teacherModel }: TrainArguments,
  train: Dataset,
  task: Task,
): Promise<TrainedModel | undefined> {
  if (path === null) return undefined;
  if (!task.taught) throw new DataError(`${train.name}: has ${task.about}, for which there are no teachers`);
  const teacher = await openModel({ weights: path, ...(teacherModel !== null && { model: teacherModel }) });
  const { length } = train.classes;
  const { numClasses } = teacher.model;
  // Names of ImageNet's classes may be a guess: plain weights have none.
  const names = teacher.classes === imagenetClasses ? undefined : teacher.classes;
  const other = names?.find((name, i) => name !== train.classes[i]);
  if (numClasses === length && other === undefined) return teacher;
  teacher.model.dispose();
  throw new DataError(
    numClasses === length
      ? `${path}: a teacher of other classes than ${train.name}, or in another order; got '${short(other)}', expected '${short(train.classes[names!.indexOf(other!)])}'`
      : `${path}: a teacher of ${numClasses} classes; expected ${length}, those of ${train.name}`,
  );
}

/**
 * How images are prepared, for both model and teacher: as for the initial weights, otherwise as for the teacher.
 * @throws DataError if these two differ, and the arguments do not decide
 */
export function sharedPreparation(
  { teacher: path, mean, std }: TrainArguments,
  train: Dataset,
  start: StartingWeights | undefined,
  teacher: TrainedModel | undefined,
): Preprocessing | undefined {
  const taught = teacher?.preparation(train);
  if (!start || !taught) return start?.preparation ?? taught;
  const own = start.preparation;
  for (const [name, said] of [["mean", mean] as const, ["std", std] as const]) {
    if (said !== null || String(own[name]) === String(taught[name])) continue;
    throw new DataError(
      `${path}: a teacher whose images have another ${name}; got ${taught[name].join(",")}, the initial weights ${own[name].join(",")}; --${name} decides`,
    );
  }
  return own;
}

/** The loss including the teacher's part, if there is a teacher. */
export function taughtBy(
  teacher: TrainedModel | undefined,
  loss: Loss,
  task: Task,
  { distillAlpha: alpha, distillTemperature: temperature }: TrainArguments,
): Loss {
  return teacher && task.taught ? task.taught(teacher.model, { alpha, temperature, loss }) : loss;
}
