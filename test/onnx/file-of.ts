// A network's file as read back, checked.

import { expect } from "vitest";
import type { Module } from "../../src/index.js";
import { exportOnnx, type ExportOnnxOptions } from "../../src/onnx/index.js";
import { readOnnx, type ReadModel, type ReadNode } from "./read-onnx.js";

export const operatorsOf = ({ nodes }: ReadModel): string[] => nodes.map(({ operator }) => operator);

/** How often each operator is there. */
export function countsOf(model: ReadModel): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const operator of operatorsOf(model)) counts[operator] = (counts[operator] ?? 0) + 1;
  return counts;
}

/** What a graph may not be: nodes that read what is not there yet, names given twice. */
export function checkGraph({ nodes, initialisers, inputs, outputs }: ReadModel): void {
  const there = new Set([...inputs.map(({ name }) => name), ...initialisers.keys()]);
  expect(there.size).toBe(inputs.length + initialisers.size);
  for (const node of nodes) {
    for (const input of node.inputs.filter(Boolean)) expect(there, node.name).toContain(input);
    for (const output of node.outputs) {
      expect(there, node.name).not.toContain(output);
      there.add(output);
    }
  }
  expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
  for (const { name } of outputs) expect(there).toContain(name);
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs)]);
  for (const name of initialisers.keys()) expect(used).toContain(name);
}

/** The file of a network that is disposed of then. */
export function fileOf(model: Module, options: ExportOnnxOptions = { inputSize: [6, 5, 4] }): ReadModel {
  try {
    const file = readOnnx(exportOnnx(model, options));
    checkGraph(file);
    return file;
  } finally {
    model.dispose();
  }
}

export const only = ({ nodes }: ReadModel, operator: string): ReadNode => {
  const found = nodes.filter((node) => node.operator === operator);
  expect(found).toHaveLength(1);
  return found[0]!;
};
