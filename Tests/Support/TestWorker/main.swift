package import PluginHost
print(ph())
