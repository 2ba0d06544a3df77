"""Numba's pipeline up to LLVM IR, and no further.

Numba would optimize every function once and every module twice, and load each one into its own engine. Here a
function's IR stays text until `Library.link` joins it with the functions that it calls; what happens to that module
is up to the caller.
"""
from __future__ import annotations

import functools

from llvmlite import binding as llvm
from llvmlite import ir
from numba import _dynfunc
from numba.core import cgutils, types
from numba.core.codegen import CodeLibrary
from numba.core.compiler import CompilerBase, _LowerResult
from numba.core.compiler_machinery import AnalysisPass, LoweringPass, PassManager, register_pass
from numba.core.errors import TypingError
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.ir import Assign, Const, Expr, Var
from numba.core.lowering import Lower
from numba.core.registry import cpu_target
from numba.core.typed_passes import NoPythonBackend, NopythonTypeInference
from numba.core.untyped_passes import FixupArgs, IRProcessing, TranslateByteCode


class Library(CodeLibrary):
    """The IR of one function, and the libraries of the functions that it calls. `entry` is the function's name in it;
    `identity`, of a function that is an object of its own, says in all processes which one it is."""

    def __init__(self, codegen, name, identity, entry):
        super().__init__(codegen, name)
        self.identity, self.entry = identity, entry
        self._texts, self._callees, self._shared = [], {}, None

    def create_ir_module(self, name):
        module = ir.Module(cgutils.normalize_ir_text(name))
        module.triple, module.data_layout = _machine(self.codegen)
        return module

    def add_ir_module(self, ir_module):
        self._texts.append(cgutils.normalize_ir_text(str(ir_module)))

    def add_linking_library(self, library):
        if isinstance(library, Library):
            self._callees[library] = None
        else:
            self._texts.append(str(library._get_module_for_linking()))

    def link(self):
        """A new LLVM module of this function and all that it calls, but what are objects of their own."""
        first, *others = (llvm.parse_assembly(text) for text in self._texts)
        for other in others:
            first.link_in(other)
        for library in self._callees:
            if not library.identity:
                first.link_in(library._get_module_for_linking(), preserve=True)
        return first

    def separate(self):
        """The libraries of the functions called that are objects of their own."""
        found = {}
        for library in self._callees:
            found |= {library: None} if library.identity else library.separate()
        return found

    def _get_module_for_linking(self):
        """Numba's name for: this module with functions that may be defined more than once."""
        if self._shared is None:
            self._shared = self.link()
            for function in self._shared.functions:
                if not function.is_declaration and function.linkage == llvm.Linkage.external:
                    function.linkage = "linkonce_odr"
        return self._shared

    def finalize(self):
        self._finalized = True

    def get_function(self, name):
        return self._get_module_for_linking().get_function(name)

    def get_llvm_str(self):
        return "\n".join(self._texts)

    def get_asm_str(self):
        raise NotImplementedError("a kernel's machine code belongs to the object that is made of it")


@functools.cache
def _machine(codegen):
    """What LLVM calls the machine, and how the machine's data lie in memory."""
    return llvm.get_process_triple(), str(codegen.target_data)


class _Lower(Lower):
    """Without counting references: kernels know nothing that has any."""

    def incref(self, typ, val):
        pass

    def decref(self, typ, val):
        pass


@register_pass(mutates_CFG=False, analysis_only=True)
class _OneType(AnalysisPass):
    """Where assignments to a variable differ in type, Numba takes a wider one for all: no kernel shall compute in float64
    because a sum began with 0."""

    _name = "graphc_one_type"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        for block in state.func_ir.blocks.values():
            for assign in block.find_insts(Assign):
                kept, given = state.typemap[assign.target.name], _type_of(assign.value, state)
                if given is not None and isinstance(kept, types.Float) and kept != given:
                    raise TypingError(f"{assign.target.name} is {kept} and {given}", loc=assign.loc)
        return False


def _type_of(value, state):
    """The type of what is assigned, if it is a variable, a constant, a part of a tuple or a call's result."""
    if isinstance(value, Var):
        return state.typemap[value.name]
    if isinstance(value, Const):
        return state.typingctx.resolve_value_type(value.value)
    if isinstance(value, Expr) and value.op in ("cast", "static_getitem"):
        kind = state.typemap[value.value.name]
        return kind if value.op == "cast" else kind[value.index] if isinstance(kind, types.BaseTuple) else None
    called = state.calltypes.get(value) if isinstance(value, Expr) else None
    return called and called.return_type


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(LoweringPass):
    """Lowering into a `Library`, without a call of LLVM: it may be at work on the kernel before, on another thread. The
    entry point is a mere name by which other functions find it."""

    _name = "graphc_lowering"

    def __init__(self):
        super().__init__()

    def run_pass(self, state):
        descriptor = PythonFunctionDescriptor.from_specialized_function(
            state.func_ir, state.typemap, state.return_type, state.calltypes, mangler=state.targetctx.mangler,
            inline=state.flags.forceinline, noalias=state.flags.noalias, abi_tags=[state.flags.get_mangle_string()])
        state.library = library = Library(state.targetctx.codegen(), state.func_id.func_qualname,
                                          state.pipeline.identity(), descriptor.llvm_func_name)
        with state.targetctx.push_code_library(library):
            lower = _Lower(state.targetctx, library, descriptor, state.func_ir, metadata=state.metadata)
            lower.lower()
        entry = _dynfunc.make_function(descriptor.lookup_module(), descriptor.qualname, "", 0, lower.env, (library,))
        for context in (state.targetctx, cpu_target.target_context):
            context.insert_user_function(entry, descriptor, [library])
        state.cr = _LowerResult(descriptor, lower.call_helper, cfunc=entry, env=lower.env)
        return True


class _Passes(PassManager):
    """Passes one after the other, without Numba's checks of them and its diary."""

    def _runPass(self, index, one, state):
        one.analysis = self._analysis
        for run in (one.run_initialization, one.run_pass, one.run_finalizer):
            run(state)


_PASSES = (TranslateByteCode, FixupArgs, IRProcessing, NopythonTypeInference, _OneType, _Lowering, NoPythonBackend)
"""Those of Numba's passes that kernels need: no closures, no array expressions, no literal types, nothing whose references
are counted, and a variable is of one type throughout, so that LLVM alone has to bring it into single assignments."""


class Pipeline(CompilerBase):
    def identity(self):
        """What says which object the function is: none of its own, it becomes a part of those that call it."""
        return None

    def define_pipelines(self):
        passes = _Passes("graphc")
        for one in _PASSES:
            passes.add_pass(one, one._name)
        passes.finalize()
        return [passes]


class SeparatePipeline(Pipeline):
    def identity(self):
        function = self.state.func_id.func
        return f"{_name(function)}({', '.join(map(_described, self.state.args))})"


def _described(kind):
    """A type, in words that are the same in every process."""
    return _name(kind.dispatcher.py_func) if isinstance(kind, types.Dispatcher) else str(kind)


def _name(function):
    return f"{function.__module__}.{function.__qualname__}"


__all__ = ["Library", "Pipeline", "SeparatePipeline"]
