import PluginHost

print(ModelSupervisor.self)
